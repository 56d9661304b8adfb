import type { PlacementRegion } from './placement.ts';

/** How much worse than the best still counts as equally good: whichever of share and amount allows more. */
export interface NearSlack {
  readonly share: number;
  readonly amount: number;
}

/** 15 % or 150 km: nobody hears the difference, and GeoIP does not know it. */
export const DISTANCE_SLACK: NearSlack = { share: 0.15, amount: 150 };
/** 15 % or 10 ms. */
export const LATENCY_SLACK: NearSlack = { share: 0.15, amount: 10 };

/** The largest figure that still counts as equal to `best`. */
export function nearLimit(best: number, slack: NearSlack): number {
  return best + Math.max(best * slack.share, slack.amount);
}

/** What decides among equals. */
export interface SpreadBasis {
  readonly recentPlacements: ReadonlyMap<string, number>;
  readonly seed: number;
}

/** Load that decides among equals: the measured one (unknown = 0) and the placements that it cannot show yet. */
export function expectedLoad(region: PlacementRegion, recentPlacements: ReadonlyMap<string, number>): number {
  return (region.load ?? 0) + (recentPlacements.get(region.id) ?? 0) * region.roomShare;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a, finished so that near texts lie far apart; 32 bits, unsigned. Not for secrets. */
export function hashText(text: string, start: number = FNV_OFFSET): number {
  let hash = start;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/**
 * Orders equally good regions: the lower expected load first, ties by seed and then by id. Rooms have different
 * seeds, so rooms opened at the same moment spread; one room has one seed, so replicas agree.
 */
export function compareSpread(a: PlacementRegion, b: PlacementRegion, basis: SpreadBasis): number {
  const byLoad = expectedLoad(a, basis.recentPlacements) - expectedLoad(b, basis.recentPlacements);
  if (byLoad !== 0) return byLoad;
  return hashText(a.id, basis.seed) - hashText(b.id, basis.seed) || compareIds(a.id, b.id);
}

/** Code-unit order, the same on every machine. */
export function compareIds(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
