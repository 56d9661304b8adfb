import type { HealthCheck } from '../platform/http/health-routes.ts';
import type { Platform } from './platform.ts';

/** What `/readyz` looks at: Postgres is required; without Redis a replica serves, degraded. */
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
        return redis.isUp() ? { ok: true, detail: 'answers' } : { ok: false, detail: 'away: going on without it' };
      },
    },
  ];
}
