import type { Clock } from '../kernel/clock.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { Schedule } from '../platform/module.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { RegionDirectory } from './region-directory.ts';
import { type RegionGateways, createRegionGateways } from './region-gateways.ts';
import { createRegionHealthStore } from './region-health-store.ts';
import { type RegionLedger, createRegionLedger } from './region-ledger.ts';
import { createRegionMeter } from './region-meter.ts';
import type { RegionMetrics } from './region-metrics.ts';
import { type RegionMonitor, createRegionMonitor } from './region-monitor.ts';
import { type Region, type RegionView, isAccepting } from './region.ts';

/** Everything that is measured of regions, and the doors it is measured through. */
export interface RegionObservatory {
  readonly gateways: RegionGateways;
  readonly ledger: RegionLedger;
  readonly monitor: RegionMonitor;
  readonly schedules: readonly Schedule[];
  listViews(): readonly RegionView[];
  findView(id: string): RegionView | undefined;
  /** ISO times of the last use of a region's keys, by the key's id, as last read. */
  keyUsesOf(id: string): Readonly<Record<string, string>>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface RegionObservatoryDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly directory: RegionDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RegionMetrics;
  /** Our open sessions in a region. */
  readonly countOpenSessions: (regionId: string) => Promise<number>;
}

const LEARN_EVERY_MS = 5_000;
const MEASURE_EVERY_MS = 5_000;

export function createRegionObservatory(dependencies: RegionObservatoryDependencies): RegionObservatory {
  const { unitOfWork, directory, clock, logger, metrics, countOpenSessions } = dependencies;
  const store = createRegionHealthStore(unitOfWork.db);
  const ledger = createRegionLedger({
    unitOfWork,
    monotonicMs: clock.monotonicMs,
    onError: (error) => logger.warn({ err: error }, 'health of regions could not be written; the next round tries again'),
  });
  const gateways = createRegionGateways({ directory, nowMs: clock.nowMs, onSign: ledger.noteSign, onKeyUse: ledger.noteKeyUse });
  const { gatewayOf } = gateways;
  const monitor = createRegionMonitor({
    directory, ledger, clock, metrics, gatewayOf,
    random: Math.random,
    onChange: (region, now, before) => {
      logger.warn({ region, status: now.status, previous: before.status, reason: now.reason }, 'health of a region changed');
    },
  });
  const measure = createRegionMeter({ clock, gatewayOf, countOpenSessions, store, snapshot: directory.snapshot });
  let keyUses = new Map<string, Readonly<Record<string, string>>>();

  async function learn(): Promise<void> {
    const known = await store.readAll();
    keyUses = new Map(known.map((row) => [row.regionId, row.keyUses]));
    monitor.learn(known);
  }

  return {
    gateways, ledger, monitor,
    schedules: [
      { name: 'region-health-learn', everyMs: LEARN_EVERY_MS, runs: 'each', run: learn },
      { name: 'region-load', everyMs: MEASURE_EVERY_MS, runs: 'leader', run: measure },
    ],
    ...createViews(directory, monitor),
    keyUsesOf: (id) => keyUses.get(id) ?? {},
    start: async () => {
      monitor.start(await store.readAll());
    },
    stop: async () => {
      await monitor.stop();
      await ledger.stop();
      gateways.close();
    },
  };
}

function createViews(directory: RegionDirectory, monitor: RegionMonitor): Pick<RegionObservatory, 'listViews' | 'findView'> {
  function toView(region: Region): RegionView {
    const health = monitor.healthOf(region.id);
    return { region, health, accepting: isAccepting(region, health) };
  }

  return {
    listViews: () => directory.snapshot().regions.map(toView),
    findView: (id) => {
      const region = directory.find(id);
      return region && toView(region);
    },
  };
}
