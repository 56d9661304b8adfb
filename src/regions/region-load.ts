import type { RegionCapacity } from './region.ts';

/** What is known of how full a region is; undefined where it could not be measured. */
export interface LoadFacts {
  /** People in all rooms of the region, on all its nodes. */
  readonly participants: number | undefined;
  readonly openSessions: number | undefined;
  /** Share of the cores of its living nodes that is busy, 0…1. */
  readonly cpuShare: number | undefined;
}

/**
 * Load of a region, 0…1: the fullest of what can be told. Undefined when nothing can: such a region is never excluded
 * for its load.
 */
export function loadOf({ participants, openSessions, cpuShare }: LoadFacts, capacity: RegionCapacity): number | undefined {
  const shares = [share(participants, capacity.maxParticipants), share(openSessions, capacity.maxRooms), cpuShare];
  const known = shares.filter((each) => each !== undefined);
  return known.length === 0 ? undefined : Math.min(1, Math.max(0, ...known));
}

function share(count: number | undefined, limit: number | undefined): number | undefined {
  return count === undefined || limit === undefined ? undefined : count / limit;
}

/** One reading of a node's CPU counter. */
export interface CpuReading {
  readonly cpuSeconds: number;
  readonly atMs: number;
}

/** Readings further apart say more of the past than of now. */
const MAX_APART_MS = 60_000;

/** Cores that a node kept busy between two readings; undefined when it started anew in between. */
export function busyCores(before: CpuReading | undefined, now: CpuReading): number | undefined {
  if (before === undefined) return undefined;
  const elapsedMs = now.atMs - before.atMs;
  const usedSeconds = now.cpuSeconds - before.cpuSeconds;
  if (elapsedMs <= 0 || elapsedMs > MAX_APART_MS || usedSeconds < 0) return undefined;
  return (usedSeconds * 1_000) / elapsedMs;
}

/**
 * Share of the region's cores that is busy: summed over the nodes that could be read, since a dead one neither works
 * nor has room. Undefined when none could be read.
 */
export function cpuShareOf(busy: readonly (number | undefined)[], nodeCores: number): number | undefined {
  const alive = busy.filter((cores) => cores !== undefined);
  if (alive.length === 0) return undefined;
  return alive.reduce((sum, cores) => sum + cores, 0) / (alive.length * nodeCores);
}
