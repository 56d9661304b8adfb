import type { DroppedLatency, JudgedLatency, LatencyProbe } from './placement.ts';

/**
 * Light in fibre does about 200 km a millisecond, there and back 100 km: a round trip that is faster than that was
 * not measured, or was measured to somewhere else.
 */
const KM_PER_ROUND_TRIP_MS = 100;
/** No usable link is slower; what claims to be is a stalled probe. */
export const MAX_RTT_MS = 2000;
/** With fewer figures there is nothing to compare, and one region named alone would be a hint in disguise. */
export const MIN_USABLE_LATENCIES = 2;

export interface LatencyReport {
  /** One for each probe that was sent, in the sender's order. */
  readonly judged: readonly JudgedLatency[];
  /** Usable round-trip times by region position. */
  readonly rttMs: ReadonlyMap<number, number>;
}

const NOTHING: LatencyReport = { judged: [], rttMs: new Map() };

/**
 * Bounds what a client's own figures can do. Of several for one region the lowest counts; what is faster than light
 * allows for the place (less the accuracy of knowing it), over 2 s, or about a region nobody has, is dropped by name.
 */
export function judgeLatencies(
  probes: readonly LatencyProbe[],
  positions: ReadonlyMap<string, number>,
  minimumMsOf: (position: number) => number,
): LatencyReport {
  if (probes.length === 0) return NOTHING;
  const lowest = lowestProbes(probes);
  const rttMs = new Map<number, number>();
  const judged = probes.map((probe) => {
    const position = positions.get(probe.region);
    const dropped = judge(probe, lowest, position === undefined ? undefined : minimumMsOf(position));
    if (dropped === null && position !== undefined) rttMs.set(position, probe.rttMs);
    return { region: probe.region, rttMs: probe.rttMs, dropped };
  });
  return { judged, rttMs };
}

function lowestProbes(probes: readonly LatencyProbe[]): ReadonlyMap<string, LatencyProbe> {
  const lowest = new Map<string, LatencyProbe>();
  for (const probe of probes) {
    const best = lowest.get(probe.region);
    if (best === undefined || probe.rttMs < best.rttMs) lowest.set(probe.region, probe);
  }
  return lowest;
}

function judge(
  probe: LatencyProbe,
  lowest: ReadonlyMap<string, LatencyProbe>,
  minimumMs: number | undefined,
): DroppedLatency | null {
  if (minimumMs === undefined) return 'UNKNOWN_REGION';
  if (lowest.get(probe.region) !== probe) return 'NOT_LOWEST';
  if (!(probe.rttMs >= minimumMs)) return 'TOO_FAST';
  return probe.rttMs > MAX_RTT_MS ? 'TOO_SLOW' : null;
}

/** The least round-trip time that is possible over a distance known to `accuracyKm`; 0 where the distance is not known. */
export function minimumRttMs(distanceKm: number | undefined, accuracyKm: number): number {
  return distanceKm === undefined ? 0 : Math.max(0, distanceKm - accuracyKm) / KM_PER_ROUND_TRIP_MS;
}
