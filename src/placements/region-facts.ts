import { distanceKm, spherePoint, type SpherePoint } from './distance.ts';
import { stateReasons, type ReasonMask } from './eligibility.ts';
import type { PlacementRegion } from './placement.ts';
import { compareIds } from './spread.ts';

/** What can be said of a list of regions without knowing the session. Lists run parallel to the regions. */
export interface RegionFacts {
  readonly positions: ReadonlyMap<string, number>;
  readonly points: readonly SpherePoint[];
  readonly states: readonly ReasonMask[];
  /** Place of each region when all are sorted by id, so that no answer depends on the order they came in. */
  readonly idRanks: readonly number[];
  /** The inverse of `idRanks`. */
  readonly positionsById: readonly number[];
}

const memory = new WeakMap<readonly PlacementRegion[], RegionFacts>();

/**
 * The facts of a list, worked out once for each list: a snapshot of regions serves thousands of decisions. Lists are
 * never changed in place, so a remembered fact stays true.
 */
export function factsOf(regions: readonly PlacementRegion[]): RegionFacts {
  const known = memory.get(regions);
  if (known !== undefined) return known;
  const facts = gather(regions);
  memory.set(regions, facts);
  return facts;
}

function gather(regions: readonly PlacementRegion[]): RegionFacts {
  const positionsById = regions
    .map((region, position) => ({ id: region.id, position }))
    .sort((a, b) => compareIds(a.id, b.id))
    .map(({ position }) => position);
  const idRanks = regions.map(() => 0);
  for (const [rank, position] of positionsById.entries()) idRanks[position] = rank;
  return {
    positions: new Map(regions.map((region, position) => [region.id, position])),
    points: regions.map((region) => spherePoint(region.latitude, region.longitude)),
    states: regions.map(stateReasons),
    idRanks,
    positionsById,
  };
}

/** Great-circle distances from one place to all regions, kilometres. */
export function distancesFrom(origin: SpherePoint, facts: RegionFacts): Float64Array {
  const distances = new Float64Array(facts.points.length);
  // One distance for each point, so that none is missing.
  for (let at = 0; at < distances.length; at += 1) distances[at] = distanceKm(origin, facts.points[at] as SpherePoint);
  return distances;
}
