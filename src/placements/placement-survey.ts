import { spherePoint } from './distance.ts';
import { findPool, findReasons, type Pool, type ReasonMask } from './eligibility.ts';
import { judgeLatencies, minimumRttMs } from './latency.ts';
import type { LatencyReport } from './latency.ts';
import type { PlacementPolicy, PlacementRegion, PlacementRequest, RegionHint } from './placement.ts';
import { distancesFrom, factsOf, type RegionFacts } from './region-facts.ts';
import type { RankingBasis } from './ranking.ts';
import { hashText } from './spread.ts';

/** Everything that the rules look at, measured once. Lists run parallel to `regions`. */
export interface Survey extends RankingBasis {
  readonly request: PlacementRequest;
  readonly policy: PlacementPolicy;
  readonly masks: readonly ReasonMask[];
  /** Undefined as a whole when the client's place is not known. */
  readonly distancesKm: Float64Array | undefined;
  readonly latencies: LatencyReport;
  readonly pool: Pool;
  readonly hint: RegionHint | null;
}

/** Measures all regions for one request: eligibility, distance, latency. */
export function surveyRegions(
  request: PlacementRequest,
  policy: PlacementPolicy,
  regions: readonly PlacementRegion[],
): Survey {
  const facts = factsOf(regions);
  const { recentPlacements } = request;
  const masks = findReasons(regions, facts.states, policy, request.avoidRegions);
  const distancesKm = distancesOf(request, facts);
  return {
    request,
    policy,
    regions,
    facts,
    masks,
    distancesKm,
    latencies: latenciesOf(request, facts, distancesKm),
    pool: findPool(masks, regions, recentPlacements),
    hint: hintOf(request, policy),
    recentPlacements,
    seed: hashText(request.seed),
  };
}

function distancesOf({ client }: PlacementRequest, facts: RegionFacts): Float64Array | undefined {
  if (client.latitude === null || client.longitude === null) return undefined;
  return distancesFrom(spherePoint(client.latitude, client.longitude), facts);
}

function latenciesOf(
  { latencies, client }: PlacementRequest,
  facts: RegionFacts,
  distancesKm: Float64Array | undefined,
): LatencyReport {
  return judgeLatencies(latencies, facts.positions, (position) =>
    minimumRttMs(distancesKm?.[position], client.accuracyKm ?? 0),
  );
}

/** An allowed choice of the client goes before what its way in stands for. */
function hintOf(request: PlacementRequest, policy: PlacementPolicy): RegionHint | null {
  if (policy.clientChoice && request.clientChoice !== null) return { region: request.clientChoice, source: 'client' };
  return request.dnsHint;
}

/** The position of a region by id, or undefined. */
export function findPosition({ facts }: Survey, id: string | null | undefined): number | undefined {
  return typeof id === 'string' ? facts.positions.get(id) : undefined;
}
