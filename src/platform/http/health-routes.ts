import { z } from 'zod';
import { ANYONE, type Route, defineRoute } from './route.ts';

export interface HealthCheck {
  readonly name: string;
  /** Whether the process can do its main job without it. */
  readonly required: boolean;
  check(): Promise<{ readonly ok: boolean; readonly detail: string }>;
}

export interface HealthOptions {
  readonly checks: readonly HealthCheck[];
  readonly version: string;
  /** `stopping` from the beginning of the shutdown, so that balancers look elsewhere before connections close. */
  readonly phase: () => Phase;
}

/** Where a process is between its start and its end; only a serving one gets traffic. */
export type Phase = 'starting' | 'serving' | 'stopping';

/** Shorter than any balancer's probe time-out. */
const CHECK_TIMEOUT_MS = 900;

const readySchema = z.object({
  status: z.enum(['starting', 'ready', 'degraded', 'unavailable', 'stopping']),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
});

export function createHealthRoutes(options: HealthOptions): Route[] {
  const base = { method: 'get', tag: 'Health', access: ANYONE, isHealth: true } as const;
  return [
    defineRoute({
      ...base,
      path: '/healthz',
      operationId: 'getLiveness',
      summary: 'Whether the process is alive',
      responses: { 200: { description: 'Alive', schema: z.object({ status: z.literal('alive') }) } },
      handler: () => ({ status: 200, body: { status: 'alive' } }),
    }),
    defineRoute({
      ...base,
      path: '/readyz',
      operationId: 'getReadiness',
      summary: 'Whether the process should get traffic, and what it depends on',
      responses: {
        200: { description: 'Ready, perhaps with something away that it can do without', schema: readySchema },
        503: { description: 'Not ready', schema: readySchema },
      },
      handler: async () => {
        const readiness = await readReadiness(options);
        const ok = readiness.status === 'ready' || readiness.status === 'degraded';
        return { status: ok ? 200 : 503, body: readiness, headers: { 'Cache-Control': 'no-store' } };
      },
    }),
    defineRoute({
      ...base,
      path: '/version',
      operationId: 'getVersion',
      summary: 'The release that runs here',
      responses: { 200: { description: 'The release', schema: z.object({ version: z.string() }) } },
      handler: () => ({ status: 200, body: { version: options.version } }),
    }),
  ];
}

/** Runs all checks side by side, each within its time-out. */
export async function readReadiness({ checks, phase }: Pick<HealthOptions, 'checks' | 'phase'>): Promise<z.output<typeof readySchema>> {
  const results = await Promise.all(checks.map(async (each) => ({ each, result: await runCheck(each) })));
  const failed = results.filter(({ result }) => !result.ok);
  const now = phase();
  const status = failed.some(({ each }) => each.required) ? 'unavailable' : failed.length > 0 ? 'degraded' : 'ready';
  return {
    status: now === 'serving' ? status : now,
    checks: Object.fromEntries(results.map(({ each, result }) => [each.name, result])),
  };
}

async function runCheck({ check }: HealthCheck): Promise<{ ok: boolean; detail: string }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<{ ok: boolean; detail: string }>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: `no answer within ${CHECK_TIMEOUT_MS} ms` }), CHECK_TIMEOUT_MS);
  });
  return Promise.race([check(), late])
    .catch(() => ({ ok: false, detail: 'does not answer' }))
    .finally(() => clearTimeout(timer));
}
