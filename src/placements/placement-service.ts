import type { Clock } from '../kernel/clock.ts';
import { makeId } from '../kernel/ids.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import type { RegionsService } from '../regions/regions-module.ts';
import type { Arrival, ArrivalReader } from './arrival.ts';
import type { Decision } from './decision.ts';
import type { LatencyProbe, PlacementOutcome, PlacementPolicy, PlacementRegion, PlacementRequest } from './placement.ts';
import { decidePlacement } from './placement-decision.ts';
import type { RoomPolicy } from './placement-ports.ts';
import { toPlacementRegion } from './placement-region.ts';
import { createRecentPlacements } from './recent-placements.ts';

/** What a join asks of a placement beside what its arrival tells. */
export interface PlacementAsk extends Arrival {
  readonly clientRegion: string | null;
  readonly latencies: readonly LatencyProbe[];
  readonly avoidRegion: string | null;
}

export interface PlacementService {
  /**
   * Decides where a room's next session goes, and remembers it as a recent placement. Nothing is stored. Regions in
   * `failed` have just failed this very request and count as unhealthy. Answers from memory.
   */
  decide(room: { readonly id: string; readonly policy: RoomPolicy }, ask: PlacementAsk, failed: readonly string[]): Decision;
  /** Where a caller would go if a room asked for nothing special. */
  findNearest(arrival: Arrival): PlacementOutcome;
  /** The deployment's part of a policy added to the room's. */
  completePolicy(policy: RoomPolicy): PlacementPolicy;
  listRegions(): readonly PlacementRegion[];
}

export interface PlacementServiceDependencies {
  readonly regions: Pick<RegionsService, 'listViews' | 'snapshot' | 'find'>;
  readonly readArrival: ArrivalReader;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly ruleOrder: PlacementPolicy['ruleOrder'];
  /** Default: the first by id. */
  readonly defaultRegion: string | undefined;
}

const NOTHING_SPECIAL: RoomPolicy = { pin: null, clientChoice: false, residency: [], tenantRegions: {}, mustRecord: null, maxParticipants: null };
const NO_WISHES = { clientChoice: null, latencies: [], avoidRegions: [] } as const;

export function createPlacementService(dependencies: PlacementServiceDependencies): PlacementService {
  const { regions, readArrival, clock, metrics, ruleOrder } = dependencies;
  const recent = createRecentPlacements(clock);
  const counted = metrics.counter('placements_total', 'Placement decisions for new sessions.', ['region', 'rule']);

  const listRegions = (): readonly PlacementRegion[] => regions.listViews().map(toPlacementRegion);
  const completePolicy = (policy: RoomPolicy): PlacementPolicy => ({
    ...policy,
    ruleOrder,
    defaultRegion: dependencies.defaultRegion ?? regions.snapshot().regions[0]?.id ?? null,
  });

  return {
    listRegions,
    completePolicy,
    decide: (room, ask, failed) => {
      const startedMs = clock.monotonicMs();
      const known = listRegions().map((region) => (failed.includes(region.id) ? { ...region, health: 'unhealthy' as const } : region));
      const request: PlacementRequest = {
        ...readArrival(ask, known),
        clientChoice: ask.clientRegion,
        latencies: ask.latencies,
        avoidRegions: ask.avoidRegion === null ? [] : [ask.avoidRegion],
        recentPlacements: recent.counts(),
        seed: room.id,
      };
      const outcome = decidePlacement(request, completePolicy(room.policy), known, new Date(clock.nowMs()));
      counted.inc({ region: outcome.winner ?? 'none', rule: outcome.rule ?? 'none' });
      if (outcome.winner !== null) recent.note(outcome.winner);
      return {
        ...outcome,
        id: makeId('decision', clock.nowMs()),
        revision: regions.snapshot().revision,
        winnerRevision: outcome.winner === null ? 0 : (regions.find(outcome.winner)?.revision ?? 0),
        durationMicros: Math.round((clock.monotonicMs() - startedMs) * 1000),
      };
    },
    findNearest: (arrival) => {
      const known = listRegions();
      const read = readArrival(arrival, known);
      const request = { ...read, ...NO_WISHES, recentPlacements: recent.counts(), seed: read.networkPrefix ?? '' };
      return decidePlacement(request, completePolicy(NOTHING_SPECIAL), known, new Date(clock.nowMs()));
    },
  };
}
