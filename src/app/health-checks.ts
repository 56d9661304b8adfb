import { readSchemaState } from '../platform/database/schema-state.ts';
import type { HealthCheck } from '../platform/http/health-routes.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Platform } from './platform.ts';

/** What `/readyz` looks at: Postgres with our schema is required; without Redis a replica serves, degraded. */
export function createHealthChecks({ unitOfWork, redis, freshness, clock }: Platform): HealthCheck[] {
  return [
    {
      name: 'postgres',
      required: true,
      // A function call, since a server whose packages were exchanged under it still answers SELECT 1.
      check: async () => {
        await unitOfWork.db.$queryRaw`SELECT count(*)::int FROM deployment`;
        return { ok: true, detail: 'answers' };
      },
    },
    {
      name: 'schema',
      required: true,
      check: async () => {
        const { missing, unknown } = await readSchemaState(unitOfWork.db, MIGRATIONS);
        if (missing.length > 0) return { ok: false, detail: `older than this release: run "meridian migrate" for ${missing.join(', ')}` };
        // While releases follow one another, replicas of the older one go on beside the newer schema.
        return { ok: true, detail: unknown.length === 0 ? 'that of this release' : `newer than this release: ${unknown.join(', ')}` };
      },
    },
    {
      name: 'freshness',
      required: true,
      check: async () => {
        const lastGoodMs = freshness.lastGoodMs();
        if (lastGoodMs === undefined) return { ok: false, detail: 'nothing was read yet' };
        return { ok: true, detail: `confirmed ${Math.round(clock.monotonicMs() - lastGoodMs)} ms ago` };
      },
    },
    {
      name: 'redis',
      required: false,
      check: async () => {
        if (!redis) return { ok: true, detail: 'not configured: in-process fall-backs, safe for a single replica only' };
        return (await redis.answers()) ? { ok: true, detail: 'answers' } : { ok: false, detail: 'away: going on without it' };
      },
    },
  ];
}
