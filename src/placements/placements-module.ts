import type { z } from 'zod';
import type { Clock } from '../kernel/clock.ts';
import type { Config } from '../platform/config/load-config.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import { createGeoLocator, type GeoLocator, type GeoStatus, NO_LOCATOR } from '../platform/geoip/geo-locator.ts';
import { createGeoReporter } from '../platform/geoip/geo-report.ts';
import type { Module } from '../platform/module.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import type { RegionsService } from '../regions/regions-module.ts';
import { createArrivalReader } from './arrival.ts';
import type { Decision, DecisionDocument } from './decision.ts';
import { createDecisionRetention } from './decision-retention.ts';
import { createDecisionStore, type DecisionSubject } from './decision-store.ts';
import { createPlacementEvaluation } from './placement-evaluation.ts';
import type { PlacementsPorts } from './placement-ports.ts';
import { createPlacementRoutes } from './placement-routes.ts';
import { decisionSchema } from './placement-schemas.ts';
import { createPlacementService, type PlacementService } from './placement-service.ts';

export type { Arrival } from './arrival.ts';
export type { Decision, DecisionDocument } from './decision.ts';
export type { Candidate, PlacementPolicy, ReasonCode, RegionPin, Residency, ResidencyRule } from './placement.ts';
export type { PlacementsPorts, PolicyWish, RoomPolicy } from './placement-ports.ts';
export { latenciesSchema } from './placement-schemas.ts';
export type { PlacementAsk } from './placement-service.ts';
export { readResidencies, residencyAllows } from './residency.ts';

export interface PlacementsService extends Pick<PlacementService, 'decide' | 'findNearest'> {
  /** Stores a decision as part of the transaction that opens its session. */
  storeDecision(db: Db, decision: Decision, subject: DecisionSubject): Promise<void>;
  readonly decisions: {
    readonly schema: z.ZodType;
    /** In its wire form; undefined for another tenant's as for an absent one. */
    find(id: string, tenantId: string): Promise<DecisionDocument | undefined>;
  };
  /** What the GeoIP data in use is; all unknown before `start`. */
  geoStatus(): GeoStatus;
  /** Opens the GeoIP data and begins to watch it. A worker places nobody and opens none. */
  start(): Promise<void>;
  stop(): void;
}

export type PlacementsConfig = Pick<
  Config,
  | 'MERIDIAN_ROLE'
  | 'MERIDIAN_REGION'
  | 'MERIDIAN_DEFAULT_REGION'
  | 'MERIDIAN_PLACEMENT_RULES'
  | 'MERIDIAN_GEOIP_FILES'
  | 'MERIDIAN_GEOIP_OVERRIDES_FILE'
  | 'MERIDIAN_GEOIP_STALE_DAYS'
  | 'MERIDIAN_STORE_FULL_ADDRESS'
  | 'MERIDIAN_DECISION_RETENTION'
>;

export interface PlacementsDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly regions: Pick<RegionsService, 'listViews' | 'snapshot' | 'find'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly config: PlacementsConfig;
  readonly ports: PlacementsPorts;
}

export function createPlacementsModule(dependencies: PlacementsDependencies): Module<PlacementsService> {
  const { unitOfWork, regions, clock, logger, metrics, config, ports } = dependencies;
  let locator: GeoLocator = NO_LOCATOR;
  const placements = createPlacementService({
    regions, clock, metrics,
    readArrival: createArrivalReader({
      locator: () => locator,
      replicaRegion: config.MERIDIAN_REGION,
      storeFullAddress: config.MERIDIAN_STORE_FULL_ADDRESS,
    }),
    ruleOrder: config.MERIDIAN_PLACEMENT_RULES,
    defaultRegion: config.MERIDIAN_DEFAULT_REGION,
  });
  const store = createDecisionStore(unitOfWork.db);
  const evaluation = createPlacementEvaluation({ placements, locator: () => locator, regions, clock, ports });
  return {
    service: {
      decide: placements.decide,
      findNearest: placements.findNearest,
      storeDecision: (db, decision, subject) => createDecisionStore(db).insert(decision, subject),
      decisions: { schema: decisionSchema, find: store.find },
      geoStatus: () => locator.status(),
      start: async () => {
        if (config.MERIDIAN_ROLE === 'worker') return;
        locator = await createGeoLocator({
          files: config.MERIDIAN_GEOIP_FILES,
          overridesFile: config.MERIDIAN_GEOIP_OVERRIDES_FILE,
          staleAfterDays: config.MERIDIAN_GEOIP_STALE_DAYS,
          clock,
          onReport: createGeoReporter({ logger, metrics }),
        });
      },
      stop: () => locator.close(),
    },
    routes: createPlacementRoutes({ placements, evaluation }),
    schedules: [createDecisionRetention({ store, retentionSeconds: config.MERIDIAN_DECISION_RETENTION, nowMs: clock.nowMs })],
    livekitHandlers: [],
  };
}
