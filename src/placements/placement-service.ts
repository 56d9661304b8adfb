import type { Clock } from '../kernel/clock.ts';
import { makeId } from '../kernel/ids.ts';
import type { GeoLocator } from '../platform/geoip/geo-locator.ts';
import { networkPrefix, wholeAddressPrefix } from '../platform/http/client-ip.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import type { RegionsService } from '../regions/regions-module.ts';
import type { Decision } from './decision.ts';
import type { LatencyProbe, PlacementOutcome, PlacementPolicy, PlacementRegion, PlacementRequest, RegionHint } from './placement.ts';
import { decidePlacement } from './placement-decision.ts';
import type { RoomPolicy } from './placement-ports.ts';
import { toPlacementRegion } from './placement-region.ts';
import { createRecentPlacements } from './recent-placements.ts';
import { resolveHint } from './region-hint.ts';

/** What a request tells of its caller's place and way in. */
export interface Arrival {
  readonly address: string;
  readonly trustedPeer: boolean;
  header(name: string): string | undefined;
}

/** What a caller asks of a placement beside that. */
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
  locator(): GeoLocator;
}

export interface PlacementServiceDependencies {
  readonly regions: Pick<RegionsService, 'listViews' | 'snapshot' | 'find'>;
  readonly locator: () => GeoLocator;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly settings: PlacementSettings;
}

export interface PlacementSettings {
  readonly ruleOrder: PlacementPolicy['ruleOrder'];
  readonly defaultRegion: string | undefined;
  readonly replicaRegion: string | undefined;
  readonly storeFullAddress: boolean;
}

const NOTHING_SPECIAL: RoomPolicy = { pin: null, clientChoice: false, residency: [], tenantRegions: {}, mustRecord: null, maxParticipants: null };

export function createPlacementService(dependencies: PlacementServiceDependencies): PlacementService {
  const { regions, locator, clock, metrics, settings } = dependencies;
  const recent = createRecentPlacements(clock);
  const counted = metrics.counter('placements_total', 'Placement decisions for new sessions.', ['region', 'rule']);
  const prefixOf = settings.storeFullAddress ? wholeAddressPrefix : networkPrefix;

  const listRegions = (): readonly PlacementRegion[] => regions.listViews().map(toPlacementRegion);
  const completePolicy = (policy: RoomPolicy): PlacementPolicy => ({
    ...policy,
    ruleOrder: settings.ruleOrder,
    // Regions are listed by id, so without a configured one this is the first by id.
    defaultRegion: settings.defaultRegion ?? regions.snapshot().regions[0]?.id ?? null,
  });

  const hintOf = (arrival: Arrival, known: readonly PlacementRegion[]): RegionHint | null =>
    resolveHint(
      {
        host: arrival.header('host'),
        trustedPeer: arrival.trustedPeer,
        forwardedHost: arrival.header('x-forwarded-host'),
        edgeRegion: arrival.header('x-meridian-region'),
        replicaRegion: settings.replicaRegion,
      },
      known,
    );

  const requestOf = (arrival: Arrival, known: readonly PlacementRegion[], seed: string): PlacementRequest => ({
    client: locator().locate(arrival.address),
    networkPrefix: prefixOf(arrival.address) ?? null,
    clientChoice: null,
    dnsHint: hintOf(arrival, known),
    latencies: [],
    avoidRegions: [],
    recentPlacements: recent.counts(),
    seed,
  });

  return {
    listRegions,
    completePolicy,
    locator,
    decide: (room, ask, failed) => {
      const startedMs = clock.monotonicMs();
      const known = listRegions().map((region) => (failed.includes(region.id) ? { ...region, health: 'unhealthy' as const } : region));
      const request: PlacementRequest = {
        ...requestOf(ask, known, room.id),
        clientChoice: ask.clientRegion,
        latencies: ask.latencies,
        avoidRegions: ask.avoidRegion === null ? [] : [ask.avoidRegion],
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
      const request = requestOf(arrival, known, networkPrefix(arrival.address) ?? '');
      return decidePlacement(request, completePolicy(NOTHING_SPECIAL), known, new Date(clock.nowMs()));
    },
  };
}
