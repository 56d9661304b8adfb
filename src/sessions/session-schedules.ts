import type { LeaderElection } from '../coordination/leader.ts';
import type { Schedule } from '../platform/module.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
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

export interface SessionSchedules {
  readonly schedules: Schedule[];
  /** Waits for what the last rounds began; to be called once no round begins any more. */
  stop(): Promise<void>;
}

const RECONCILE_EVERY_MS = 5_000;
const CLEANUP_EVERY_MS = 2_000;

/** Each region has a leader of its own, so that one that hangs holds up no other. */
export function createSessionSchedules(dependencies: SessionScheduleDependencies): SessionSchedules {
  const { reconciler, cleanup, regions } = dependencies;
  const each = [
    perRegion(dependencies, 'session-reconciler', RECONCILE_EVERY_MS, (region, signal) => reconciler.reconcile(region, signal)),
    perRegion(dependencies, 'session-cleanup', CLEANUP_EVERY_MS, async (region, signal) => {
      const gateway = regions.gatewayOf(region);
      // A region that is away cannot delete; what is due stays due.
      if (gateway && regions.isHealthy(region)) await cleanup.run(region, gateway, signal);
    }),
  ];
  return {
    schedules: each.map(({ schedule }) => schedule),
    stop: async () => {
      await Promise.all(each.map(({ stop }) => stop()));
    },
  };
}

function perRegion(
  { leader, logger, regions, verdicts }: SessionScheduleDependencies,
  name: string,
  everyMs: number,
  work: (region: string, signal: AbortSignal) => Promise<void>,
): { readonly schedule: Schedule; stop(): Promise<void> } {
  const running = new Map<string, Promise<void>>();

  async function runOne(region: string, signal: AbortSignal): Promise<void> {
    try {
      const leadership = await leader.hold(`${name}:${region}`);
      if (leadership) await work(region, AbortSignal.any([signal, leadership.signal]));
    } catch (error) {
      verdicts.noteTrouble(region);
      logger.debug({ err: error, region }, `${name} could not look at the region; it comes again`);
    } finally {
      running.delete(region);
    }
  }

  return {
    schedule: {
      name,
      everyMs,
      runs: 'each',
      roles: ['worker'],
      run: async (signal) => {
        // Not awaited: a region that hangs must not delay the next round of the others.
        for (const region of regions.ids()) if (!running.has(region)) running.set(region, runOne(region, signal));
      },
    },
    stop: async () => {
      await Promise.all(running.values());
    },
  };
}
