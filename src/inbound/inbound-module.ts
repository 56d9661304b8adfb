import type { Clock } from '../kernel/clock.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { LivekitHandler } from '../platform/livekit/livekit-handler.ts';
import type { Module, Schedule } from '../platform/module.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import { createInboundClaimStore } from './inbound-claim-store.ts';
import { createInboundLedger, type InboundLedger } from './inbound-ledger.ts';
import { createInboundMetrics } from './inbound-metrics.ts';
import { createInboundRoutes } from './inbound-routes.ts';
import { createInboundService, type InboundRegions, type InboundService } from './inbound-service.ts';
import { createInboundStore } from './inbound-store.ts';

export type { InboundRegions } from './inbound-service.ts';

export interface InboundDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly regions: InboundRegions;
  /** What the modules do with LiveKit's events. */
  readonly handlers: readonly LivekitHandler[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Names this process in claims; unique for each that ever ran. */
  readonly owner: string;
  readonly random: () => number;
}

export interface InboundModuleService extends InboundService {
  /** At shutdown: no more rows are taken, those in hand are finished. */
  readonly stop: InboundLedger['stop'];
}

/** Whoever stored an event works on it at once; the poll is for what others left, and for retries. */
const POLL_MS = 1_000;
const SWEEP_MS = 10 * 60_000;
/** Time enough to look into a failure and to replay it. */
const RETENTION_MS = 14 * 24 * 3_600_000;
const SWEEP_ROWS = 2_000;
const MAX_SWEEPS = 50;

/** The ledger of LiveKit's webhooks: stored before they are acknowledged, then handed to the modules' handlers. */
export function createInboundModule(dependencies: InboundDependencies): Module<InboundModuleService> {
  const { unitOfWork, regions, handlers, clock, logger, owner, random } = dependencies;
  const metrics = createInboundMetrics(dependencies.metrics);
  const claims = createInboundClaimStore({ db: unitOfWork.db, owner });
  const ledger = createInboundLedger({ claims, handlers, clock, logger, metrics, random });
  const service = createInboundService({ unitOfWork, regions, clock, metrics, wake: ledger.wake });
  const store = createInboundStore(unitOfWork.db);

  const poll: Schedule = { name: 'inbound-ledger', everyMs: POLL_MS, runs: 'each', run: () => ledger.claimDue() };
  const sweep: Schedule = {
    name: 'inbound-retention',
    everyMs: SWEEP_MS,
    runs: 'leader',
    run: async (signal) => {
      const before = new Date(clock.nowMs() - RETENTION_MS);
      for (let round = 0; round < MAX_SWEEPS && !signal.aborted; round += 1) {
        if ((await store.deleteBefore(before, SWEEP_ROWS)) < SWEEP_ROWS) return;
      }
    },
  };
  return {
    service: { ...service, stop: ledger.stop },
    routes: createInboundRoutes({ inbound: service }),
    schedules: [poll, sweep],
    livekitHandlers: [],
  };
}
