import type { ChangeSignal } from '../coordination/change-signal.ts';
import type { Generations } from '../coordination/generation.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import type { LivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import type { Module, Schedule } from '../platform/module.ts';
import type { SecretBox } from '../platform/secrets/secret-box.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import { createRegionDirectory } from './region-directory.ts';
import { createApplyRegionsDocument } from './region-document-service.ts';
import { type EditResult, createRegionEditor } from './region-editor.ts';
import { createRegionGateways } from './region-gateways.ts';
import { createRegionHealthStore } from './region-health-store.ts';
import { createRegionLedger } from './region-ledger.ts';
import { createRegionMeter } from './region-meter.ts';
import { createRegionMetrics } from './region-metrics.ts';
import { createRegionMonitor } from './region-monitor.ts';
import { createRegionOpsRoutes } from './region-ops-routes.ts';
import { createRegionRoutes } from './region-routes.ts';
import { createRegionService } from './region-service.ts';
import { createRegionStore } from './region-store.ts';
import { createRegionVault } from './region-vault.ts';
import { createRegionsFileService } from './regions-file-service.ts';
import { type Region, type RegionKey, type RegionSnapshot, type RegionView, isAccepting, signingKeyOf } from './region.ts';

export { unknownRegion } from './region-directory.ts';
export { RegionsFileError } from './regions-file.ts';
export type { AdminState, HealthStatus, Region, RegionHealth, RegionKey, RegionSnapshot, RegionView } from './region.ts';

/** What other modules know of regions. Everything here answers from memory. */
export interface RegionsService {
  /** The configuration of all regions at one revision. @throws Error before `start`. */
  snapshot(): RegionSnapshot;
  find(id: string): Region | undefined;
  /** @throws AppError `region.unknown`: 422, or 404 where the id stood in the path. */
  get(id: string, place: 'path' | 'body'): Region;
  /** Every region with its health, by id: what a decision is made from. */
  listViews(): readonly RegionView[];
  findView(id: string): RegionView | undefined;
  /** The door to a region's LiveKit; ask for it at each use. @throws AppError `region.unknown` (422). */
  gatewayOf(regionId: string): LivekitGateway;
  /** The key that join tokens of this region are signed with now. @throws AppError `region.unknown` (422). */
  signingKeyOf(regionId: string): RegionKey;
  /** All keys of a region, for checking what comes in; empty for an unknown one. */
  keysOf(regionId: string): readonly RegionKey[];
  /** The region said something: a webhook, or an answer by another way than its gateway. */
  noteSign(regionId: string): void;
  /** A key of the region verified something. */
  noteKeyUse(regionId: string, keyId: string): void;
  /** A call that a join waited for failed: the region counts as unhealthy here until good probes return. */
  noteTrouble(regionId: string): void;
  /**
   * Applies a regions file once, as the command line does; needs no `start`.
   * @throws RegionsFileError listing every problem; AppError `request.invalid`, `region.in-use`.
   */
  applyFile(path: string): Promise<EditResult>;
  /** Applies the configured file, loads configuration and health, and begins to probe. @throws as `applyFile`. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface RegionsDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly generations: Generations;
  readonly changes: ChangeSignal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly box: SecretBox;
  /** One environment variable, for the references of a regions file. */
  readonly readVariable: (name: string) => string | undefined;
  readonly config: {
    readonly file: string | undefined;
    readonly controlPlaneRedis: Secret | undefined;
  };
  readonly ports: {
    /** Closes the open sessions of a region as `region-lost`; part of the transaction that cordons it. */
    readonly closeSessionsOf: (work: Work, regionId: string) => Promise<void>;
    /** Whether something in the region must not be lost: an open session. Asked with the region's row locked. */
    readonly isInUse: (db: Db, regionId: string) => Promise<boolean>;
    /** Our open sessions in a region. */
    readonly countOpenSessions: (regionId: string) => Promise<number>;
    readonly listTenantIds: () => Promise<readonly string[]>;
  };
}

const LEARN_EVERY_MS = 5_000;
const MEASURE_EVERY_MS = 5_000;
const LOOK_AT_FILE_EVERY_MS = 5_000;

export function createRegionsModule(dependencies: RegionsDependencies): Module<RegionsService> {
  const { unitOfWork, generations, changes, clock, logger, box, config, ports } = dependencies;
  const vault = createRegionVault({ box });
  const directory = createRegionDirectory({ store: createRegionStore(unitOfWork.db), vault });
  const healthStore = createRegionHealthStore(unitOfWork.db);
  const ledger = createRegionLedger({
    unitOfWork,
    monotonicMs: clock.monotonicMs,
    onError: (error) => logger.warn({ err: error }, 'health of regions could not be written; the next round tries again'),
  });
  const gateways = createRegionGateways({ directory, nowMs: clock.nowMs, onSign: ledger.noteSign, onKeyUse: ledger.noteKeyUse });
  const metrics = createRegionMetrics(dependencies.metrics);
  const monitor = createRegionMonitor({
    directory, ledger, clock, metrics,
    gatewayOf: gateways.gatewayOf,
    random: Math.random,
    onChange: (region, now, before) => {
      logger.warn({ region, status: now.status, previous: before.status, reason: now.reason }, 'health of a region changed');
    },
  });
  const edit = createRegionEditor({ unitOfWork, vault, directory, generations, changes, isInUse: ports.isInUse, listTenantIds: ports.listTenantIds });
  const common = {
    edit,
    nowMs: clock.nowMs,
    warn: (warning: string) => logger.warn(warning),
    controlPlaneRedis: config.controlPlaneRedis?.reveal(),
  };
  const regions = createRegionService({ ...common, unitOfWork, directory, closeSessionsOf: ports.closeSessionsOf });
  const file = createRegionsFileService({
    logger,
    path: config.file,
    readVariable: dependencies.readVariable,
    apply: createApplyRegionsDocument({ ...common, box }),
    onState: metrics.showFile,
  });
  const measure = createRegionMeter({
    clock,
    snapshot: directory.snapshot,
    gatewayOf: gateways.gatewayOf,
    countOpenSessions: ports.countOpenSessions,
    store: healthStore,
  });
  let keyUses = new Map<string, Readonly<Record<string, string>>>();

  async function learn(): Promise<void> {
    const known = await healthStore.readAll();
    keyUses = new Map(known.map((row) => [row.regionId, row.keyUses]));
    monitor.learn(known);
  }

  function toView(region: Region): RegionView {
    const health = monitor.healthOf(region.id);
    return { region, health, accepting: isAccepting(region, health) };
  }

  function findView(id: string): RegionView | undefined {
    const region = directory.find(id);
    return region && toView(region);
  }

  const listViews = (): readonly RegionView[] => directory.snapshot().regions.map(toView);
  generations.onChange('regions', directory.refresh);
  const schedules: Schedule[] = [
    { name: 'region-health-learn', everyMs: LEARN_EVERY_MS, runs: 'each', run: learn },
    { name: 'region-load', everyMs: MEASURE_EVERY_MS, runs: 'leader', run: measure },
    { name: 'regions-file', everyMs: LOOK_AT_FILE_EVERY_MS, runs: 'each', run: file.applyChanged },
  ];

  return {
    service: {
      snapshot: directory.snapshot,
      find: directory.find,
      get: directory.get,
      listViews,
      findView,
      gatewayOf: gateways.gatewayOf,
      signingKeyOf: (id) => {
        const key = signingKeyOf(directory.get(id, 'body'));
        if (key === undefined) throw new Error(`region ${id} has no signing key`);
        ledger.noteKeyUse(id, key.id);
        return key;
      },
      keysOf: (id) => directory.find(id)?.livekit.keys ?? [],
      noteSign: ledger.noteSign,
      noteKeyUse: ledger.noteKeyUse,
      noteTrouble: monitor.noteTrouble,
      applyFile: file.applyOnce,
      start: async () => {
        await directory.refresh();
        await file.applyAtStart();
        monitor.start(await healthStore.readAll());
      },
      stop: async () => {
        await monitor.stop();
        await ledger.stop();
        gateways.close();
      },
    },
    routes: [
      ...createRegionRoutes({ listViews, findView }),
      ...createRegionOpsRoutes({
        regions, listViews, findView,
        newestRevision: () => directory.snapshot().revision,
        probesOf: monitor.probesOf,
        keyUsesOf: (id) => keyUses.get(id) ?? {},
      }),
    ],
    schedules,
    livekitHandlers: [],
  };
}
