import type { PlacementRegion } from './placement.ts';
import type { RegionFacts } from './region-facts.ts';
import { compareSpread, nearLimit, type NearSlack, type SpreadBasis } from './spread.ts';

export interface Ranking {
  /** Positions, best first. */
  readonly order: readonly number[];
  /** How many at the front count as equally good. */
  readonly near: number;
}

export interface RankingBasis extends SpreadBasis {
  readonly regions: readonly PlacementRegion[];
  readonly facts: RegionFacts;
}

/**
 * Orders positions by a figure, the lower the better; those nearly as good as the best go by load, then seed, then
 * id. Without figures all are equally good.
 */
export function rankPositions(
  positions: readonly number[],
  basis: RankingBasis,
  figures: Float64Array | undefined,
  slack: NearSlack,
): Ranking {
  const sorted = sortByFigure(positions, figures, basis.facts);
  const near = figures === undefined ? sorted.length : countNear(sorted, figures, slack);
  if (near < 2) return { order: sorted, near };
  const front = sorted.slice(0, near).sort((a, b) => compareSpread(regionAt(basis, a), regionAt(basis, b), basis));
  for (let at = 0; at < near; at += 1) sorted[at] = front[at] ?? 0;
  return { order: sorted, near };
}

function regionAt(basis: RankingBasis, at: number): PlacementRegion {
  // Positions come from the list of regions itself.
  return basis.regions[at] as PlacementRegion;
}

function countNear(sorted: readonly number[], figures: Float64Array, slack: NearSlack): number {
  const limit = nearLimit(figures[sorted[0] ?? 0] ?? 0, slack);
  let near = 0;
  while (near < sorted.length && (figures[sorted[near] ?? 0] ?? 0) <= limit) near += 1;
  return near;
}

/** Figures are compared in steps of 1/1024 (a metre, a microsecond), above the id's rank: 20,015 km × 2^10 × 2^20 < 2^53. */
const FIGURE_STEPS = 2 ** 10;
const RANK_ROOM = 2 ** 20;

/**
 * Positions by figure, equals by id. Figure and rank are packed into one number and sorted as plain numbers, which is
 * four times as fast as a comparator and most of what a decision over many regions costs.
 */
export function sortByFigure(
  positions: readonly number[],
  figures: Float64Array | undefined,
  { idRanks, positionsById }: RegionFacts,
): number[] {
  const packed = new Float64Array(positions.length);
  for (let at = 0; at < packed.length; at += 1) {
    const position = positions[at] ?? 0;
    const figure = figures === undefined ? 0 : (figures[position] ?? 0);
    packed[at] = Math.floor(figure * FIGURE_STEPS) * RANK_ROOM + (idRanks[position] ?? 0);
  }
  packed.sort();
  const sorted: number[] = [];
  for (let at = 0; at < packed.length; at += 1) sorted.push(positionsById[(packed[at] ?? 0) % RANK_ROOM] ?? 0);
  return sorted;
}
