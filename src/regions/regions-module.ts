import type { ChangeSignal } from '../coordination/change-signal.ts';
import type { Generations } from '../coordination/generation.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import type { HotQueries } from '../platform/database/hot-queries.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import type { LivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import type { Module, Schedule } from '../platform/module.ts';
import type { SecretBox } from '../platform/secrets/secret-box.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import { type RegionDirectory, createRegionDirectory } from './region-directory.ts';
import { createApplyRegionsDocument } from './region-document-service.ts';
import type { EditResult } from './region-edit.ts';
import { createRegionEditor } from './region-editor.ts';
import { createRegionMetrics, type RegionMetrics } from './region-metrics.ts';
import { createRegionObservatory } from './region-observatory.ts';
import { createRegionOpsRoutes } from './region-ops-routes.ts';
import { createRegionRoutes } from './region-routes.ts';
import { type RegionService, createRegionService } from './region-service.ts';
import { warningsOfSet } from './region-set.ts';
import { readConfiguration } from './region-store.ts';
import { type RegionVault, createRegionVault } from './region-vault.ts';
import { type RegionsFileService, createRegionsFileService } from './regions-file-service.ts';
import { type Region, type RegionKey, type RegionSnapshot, type RegionView, signingKeyOf } from './region.ts';

export { unknownRegion } from './region-directory.ts';
export { RegionsFileError } from './regions-file.ts';
export { ADMIN_STATES, HEALTH_STATUSES } from './region.ts';
export type { AdminState, HealthStatus, Region, RegionHealth, RegionKey, RegionSnapshot, RegionView } from './region.ts';

/** What other modules know of regions. Everything here answers from memory. */
export interface RegionsService {
  /** The configuration of all regions at one revision. @throws Error before `start`. */
  snapshot(): RegionSnapshot;
  find(id: string): Region | undefined;
  /** Reads the configuration anew from Postgres: for who has found it stale. */
  refresh(): Promise<void>;
  /** @throws AppError `region.unknown`: 422, or 404 where the id stood in the path. */
  get(id: string, place: 'path' | 'body'): Region;
  /** Every region with its health, by id: what a decision is made from. */
  listViews(): readonly RegionView[];
  findView(id: string): RegionView | undefined;
  /** Since when the region is unhealthy; undefined while it is not. Cheap: every join asks. */
  unhealthySince(id: string): Date | undefined;
  /** The door to a region's LiveKit; ask for it at each use. @throws AppError `region.unknown` (422). */
  gatewayOf(regionId: string): LivekitGateway;
  /** The key that join tokens of this region are signed with now. @throws AppError `region.unknown` (422). */
  signingKeyOf(regionId: string): RegionKey;
  /** All keys of a region, for checking what comes in; empty for an unknown one. */
  keysOf(regionId: string): readonly RegionKey[];
  /**
   * The region said something: a webhook, or an answer by another way than its gateway. `livekitKey` is LiveKit's name
   * of the key that signed it.
   */
  noteSign(regionId: string, livekitKey?: string): void;
  /** A call that a join waited for failed: the region counts as unhealthy here until good probes return. */
  noteTrouble(regionId: string): void;
  /**
   * Applies a regions file once, as the command line does; needs no `start`.
   * @throws RegionsFileError listing every problem; AppError `dependency.unavailable`.
   */
  applyFile(path: string): Promise<EditResult>;
  /** Applies the configured file, loads configuration and health, and begins to probe. @throws as `applyFile`. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface RegionsDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly hot: HotQueries;
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

const LOOK_AT_FILE_EVERY_MS = 5_000;

export function createRegionsModule(dependencies: RegionsDependencies): Module<RegionsService> {
  const { hot, generations, box, ports } = dependencies;
  const vault = createRegionVault({ box });
  const metrics = createRegionMetrics(dependencies.metrics);
  const directory = createRegionDirectory({ read: () => readConfiguration(hot), vault });
  const observatory = createRegionObservatory({ ...dependencies, ...ports, directory, metrics });
  const { regions, file } = createRegistry(dependencies, { vault, directory, metrics });
  const { listViews, findView, keyUsesOf, gateways, ledger, monitor } = observatory;
  const lookAtFile: Schedule = { name: 'regions-file', everyMs: LOOK_AT_FILE_EVERY_MS, runs: 'each', run: file.applyChanged };
  generations.onChange('regions', directory.refresh);

  return {
    service: {
      snapshot: directory.snapshot,
      find: directory.find,
      refresh: directory.refresh,
      get: directory.get,
      listViews, findView,
      unhealthySince: monitor.unhealthySince,
      gatewayOf: gateways.gatewayOf,
      signingKeyOf: (id) => {
        const key = signingKeyOf(directory.get(id, 'body'));
        if (key === undefined) throw new Error(`region ${id} has no signing key`);
        ledger.noteKeyUse(id, key.id);
        return key;
      },
      keysOf: (id) => directory.find(id)?.livekit.keys ?? [],
      noteSign: (id, livekitKey) => {
        ledger.noteSign(id);
        const key = directory.find(id)?.livekit.keys.find((each) => each.key === livekitKey);
        if (key) ledger.noteKeyUse(id, key.id);
      },
      noteTrouble: monitor.noteTrouble,
      applyFile: file.applyOnce,
      start: async () => {
        await directory.refresh();
        await file.applyAtStart();
        await observatory.start();
      },
      stop: observatory.stop,
    },
    routes: [
      ...createRegionRoutes({ listViews, findView }),
      ...createRegionOpsRoutes({ regions, listViews, findView, keyUsesOf, newestRevision: () => directory.snapshot().revision, probesOf: monitor.probesOf }),
    ],
    schedules: [...observatory.schedules, lookAtFile],
    livekitHandlers: [],
  };
}

interface RegistryParts {
  readonly vault: RegionVault;
  readonly directory: RegionDirectory;
  readonly metrics: RegionMetrics;
}

/** What changes the configuration: the operators' service and the regions file, over one editor. */
function createRegistry(dependencies: RegionsDependencies, { vault, directory, metrics }: RegistryParts): { regions: RegionService; file: RegionsFileService } {
  const { unitOfWork, clock, logger, box, config, ports, readVariable } = dependencies;
  const edit = createRegionEditor({
    ...dependencies, ...ports, vault, directory,
    onWritten: (configs) => {
      for (const warning of warningsOfSet(configs, config.controlPlaneRedis?.reveal())) logger.warn(warning);
    },
  });
  const file = createRegionsFileService({
    logger, readVariable,
    path: config.file,
    apply: createApplyRegionsDocument({ edit, box, nowMs: clock.nowMs }),
    onState: metrics.showFile,
  });
  return { file, regions: createRegionService({ unitOfWork, edit, directory, nowMs: clock.nowMs, closeSessionsOf: ports.closeSessionsOf }) };
}
