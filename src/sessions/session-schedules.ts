import type { LeaderElection } from '../coordination/leader.ts';
import type { Schedule } from '../platform/module.ts';
import { type Logger, withLogContext } from '../platform/telemetry/logger.ts';
import type { SessionCleanup } from './session-cleanup.ts';
import type { SessionRegions } from './session-ports.ts';
import type { SessionReconciler } from './session-reconciler.ts';
import type { SessionVerdicts } from './session-verdict.ts';

export interface SessionScheduleDependencies {
  readonly leader: LeaderElection;
  readonly logger: Logger;
  readonly regions: SessionRegions;
  readonly reconciler: SessionReconciler;
  readonly cleanup: SessionCleanup;
  readonly verdicts: SessionVerdicts;
}

const RECONCILE_EVERY_MS = 5_000;
const CLEANUP_EVERY_MS = 2_000;

/** Each region has a leader of its own, so that one that hangs holds up no other. */
export function createSessionSchedules(dependencies: SessionScheduleDependencies): Schedule[] {
  const { reconciler, cleanup, regions } = dependencies;
  return [
    perRegion(dependencies, 'session-reconciler', RECONCILE_EVERY_MS, (region, signal) => reconciler.reconcile(region, signal)),
    perRegion(dependencies, 'session-cleanup', CLEANUP_EVERY_MS, async (region, signal) => {
      const gateway = regions.gatewayOf(region);
      if (gateway) await cleanup.run(region, gateway, signal);
    }),
  ];
}

function perRegion(
  { leader, logger, regions, verdicts }: SessionScheduleDependencies,
  name: string,
  everyMs: number,
  work: (region: string, signal: AbortSignal) => Promise<void>,
): Schedule {
  const busy = new Set<string>();

  async function runOne(region: string, signal: AbortSignal): Promise<void> {
    if (busy.has(region) || !(await leader.hold(`${name}:${region}`))) return;
    busy.add(region);
    try {
      await withLogContext({ region }, () => work(region, signal));
    } catch (error) {
      verdicts.noteTrouble(region);
      logger.debug({ err: error, region }, `${name} could not look at the region; it comes again`);
    } finally {
      busy.delete(region);
    }
  }

  return {
    name,
    everyMs,
    runs: 'each',
    roles: ['worker'],
    run: async (signal) => {
      // Not awaited: a region that hangs must not delay the next round of the others.
      for (const region of regions.ids()) runOne(region, signal).catch((error: unknown) => logger.warn({ err: error, region }, `${name} failed`));
    },
  };
}
