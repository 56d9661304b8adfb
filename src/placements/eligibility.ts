import {
  REASON_CODES,
  type PlacementPolicy,
  type PlacementRegion,
  type ReasonCode,
} from './placement.ts';
import { residencyAllows } from './residency.ts';
import { compareIds, expectedLoad } from './spread.ts';

/** A set of reason codes, one bit for each: a decision over many regions then allocates no list while it thinks. */
export type ReasonMask = number;

// Made from the list of all codes, so that none is missing.
const BIT = Object.fromEntries(REASON_CODES.map((code, at) => [code, 1 << at])) as Readonly<Record<ReasonCode, number>>;
/** Codes that give way when nothing else is left: load fails open, and an avoided region is better than none. */
const SOFT = BIT.OVER_LOAD | BIT.AVOIDED;

/** The bit of one code, to be added to a mask. */
export function reasonBit(code: ReasonCode): ReasonMask {
  return BIT[code];
}

/** Every code that stands against placing this session in each region; 0 = it may take it. */
export function findReasons(
  regions: readonly PlacementRegion[],
  states: readonly ReasonMask[],
  policy: PlacementPolicy,
  avoidRegions: readonly string[],
): readonly ReasonMask[] {
  if (isOpen(policy) && avoidRegions.length === 0) return states;
  return regions.map((region, at) => {
    const avoided = avoidRegions.includes(region.id) ? BIT.AVOIDED : 0;
    return (states[at] ?? 0) | wishReasons(region, policy) | avoided;
  });
}

/** Whether the policy excludes no region at all. */
function isOpen({ residency, tenantRegions, mustRecord, maxParticipants }: PlacementPolicy): boolean {
  return (
    residency.length === 0 &&
    tenantRegions.allow === undefined &&
    tenantRegions.deny === undefined &&
    mustRecord === null &&
    maxParticipants === null
  );
}

/** The codes that depend on nothing but the region itself. */
export function stateReasons(region: PlacementRegion): ReasonMask {
  let mask = 0;
  if (region.adminState === 'cordoned') mask |= BIT.CORDONED;
  else if (region.adminState === 'disabled') mask |= BIT.DISABLED;
  if (region.health === 'unhealthy') mask |= BIT.UNHEALTHY;
  else if (region.health === 'misconfigured') mask |= BIT.MISCONFIGURED;
  if (!region.proven || region.health === 'unknown') mask |= BIT.UNPROVEN;
  // An unmeasured load is unknown and never excludes.
  if (region.load !== undefined && region.load >= region.loadLimit) mask |= BIT.OVER_LOAD;
  return mask;
}

function wishReasons(region: PlacementRegion, policy: PlacementPolicy): ReasonMask {
  const { allow, deny } = policy.tenantRegions;
  let mask = recordingReasons(region, policy.mustRecord);
  if (!residencyAllows(policy.residency, region, policy.mustRecord !== null)) mask |= BIT.RESIDENCY_DENIED;
  if ((allow !== undefined && !allow.includes(region.id)) || deny?.includes(region.id) === true) mask |= BIT.NOT_ALLOWED;
  // LiveKit keeps a room on one node, so the node bounds the room; a room without a maximum cannot be judged.
  const largest = region.maxRoomParticipants;
  if (largest !== undefined && policy.maxParticipants !== null && policy.maxParticipants > largest) mask |= BIT.OVER_CAPACITY;
  return mask;
}

function recordingReasons(region: PlacementRegion, kind: string | null): ReasonMask {
  if (kind === null) return 0;
  const storage = region.hasStorage ? 0 : BIT.NO_STORAGE;
  const recorder = region.egressKinds === undefined || region.egressKinds.includes(kind) ? 0 : BIT.NO_RECORDER;
  return storage | recorder;
}

/** The regions that rules may choose from, by position, and what had to give way so that there are any. */
export interface Pool {
  readonly members: readonly number[];
  /** Eligible too, but not to be chosen: over their load limit like the members, and more loaded. Least loaded first. */
  readonly behind: readonly number[];
  readonly gaveWay: { readonly load: boolean; readonly avoided: boolean };
}

/**
 * Picks the regions without any code. Where none is left, load limits give way first (the least loaded is used),
 * then the wish to avoid a region. Residency and everything else never give way.
 */
export function findPool(
  masks: readonly ReasonMask[],
  regions: readonly PlacementRegion[],
  recentPlacements: ReadonlyMap<string, number>,
): Pool {
  for (const avoided of [false, true]) {
    const allowed = avoided ? BIT.AVOIDED : 0;
    const members = positionsWithin(masks, allowed);
    if (members.length > 0) return { members, behind: [], gaveWay: { load: false, avoided } };
    const overloaded = positionsWithin(masks, allowed | BIT.OVER_LOAD);
    if (overloaded.length === 0) continue;
    const loads = regions.map((region) => expectedLoad(region, recentPlacements));
    return { ...leastLoaded(overloaded, loads, regions), gaveWay: { load: true, avoided } };
  }
  return { members: [], behind: [], gaveWay: { load: false, avoided: false } };
}

function positionsWithin(masks: readonly ReasonMask[], allowed: ReasonMask): number[] {
  const positions: number[] = [];
  for (let at = 0; at < masks.length; at += 1) {
    if (((masks[at] ?? 0) & ~allowed) === 0) positions.push(at);
  }
  return positions;
}

function leastLoaded(
  positions: readonly number[],
  loads: readonly number[],
  regions: readonly PlacementRegion[],
): Pick<Pool, 'members' | 'behind'> {
  const loadOf = (at: number): number => loads[at] ?? 0;
  const least = Math.min(...positions.map(loadOf));
  const behind = positions.filter((at) => loadOf(at) > least);
  behind.sort((a, b) => loadOf(a) - loadOf(b) || compareIds(regions[a]?.id ?? '', regions[b]?.id ?? ''));
  return { members: positions.filter((at) => loadOf(at) === least), behind };
}

/** Whether only codes that may give way stand against the region. */
export function isSoft(mask: ReasonMask): boolean {
  return (mask & ~SOFT) === 0;
}

const lists = new Map<ReasonMask, readonly ReasonCode[]>();

/** The codes of a mask, in the order of `REASON_CODES`. The same mask gives the same frozen list: at most 2^15 exist. */
export function listReasons(mask: ReasonMask): readonly ReasonCode[] {
  const known = lists.get(mask);
  if (known !== undefined) return known;
  const list = Object.freeze(REASON_CODES.filter((code) => (mask & BIT[code]) !== 0));
  lists.set(mask, list);
  return list;
}
