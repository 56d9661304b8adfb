import type { HealthStatus } from './region.ts';

/** How one probe (`ListRooms` of a name nobody has) ended. */
export interface Probe {
  readonly at: Date;
  /** `bad`: no answer, or one that says trouble. `refused`: the region does not accept our key. */
  readonly outcome: 'good' | 'bad' | 'refused';
  readonly durationMs: number;
  /** One phrase without secrets; empty for a good one. */
  readonly detail: string;
}

/** What the probes of one region say so far. Values only: `observe` makes the next one. */
export interface HealthState {
  readonly status: HealthStatus;
  readonly reason: string;
  readonly since: Date;
  /** Newest last. */
  readonly probes: readonly Probe[];
}

/** Bad probes in a row that make a region unhealthy: one lost packet is not a fault. */
const BAD_IN_ROW = 2;
/** Good probes in a row, over at least this time, that bring it back: a region that flaps stays out. */
const GOOD_IN_ROW = 3;
const GOOD_FOR_MS = 10_000;
/** Probes that are looked back on. At one in 2 s they span the hysteresis and some. */
const WINDOW = 10;
/** Bad ones in the window that make a region which is not down degraded. */
const PARTLY_FAILING = 2;
/** A probe takes 1 to 3 ms on a local region and a round trip more on a far one; beyond this joins feel it. */
const SLOW_MS = 500;

export function initialHealth(at: Date): HealthState {
  return { status: 'unknown', reason: 'not probed yet', since: at, probes: [] };
}

/** The state after one more probe. Pure. */
export function observe(state: HealthState, probe: Probe): HealthState {
  const probes = [...state.probes, probe].slice(-WINDOW);
  const { status, reason } = judge(state.status, probes, probe);
  const since = status === state.status ? state.since : probe.at;
  const isBack = isOut(state.status) && !isOut(status);
  // Of a region that is back the bad probes are forgotten: they would count against it once more.
  return { status, reason: reason ?? state.reason, since, probes: isBack ? goodInRow(probes) : probes };
}

interface Verdict {
  readonly status: HealthStatus;
  /** Undefined: the old one stands. */
  readonly reason?: string;
}

function judge(status: HealthStatus, probes: readonly Probe[], newest: Probe): Verdict {
  if (newest.outcome !== 'good') return judgeBad(status, probes, newest);
  if (isOut(status) && !hasRecovered(probes)) return { status };
  const bad = probes.filter(({ outcome }) => outcome !== 'good').length;
  const slow = medianMs(probes.filter(({ outcome }) => outcome === 'good').map(({ durationMs }) => durationMs));
  if (!isOut(status) && bad >= PARTLY_FAILING) return { status: 'degraded', reason: `${bad} of the last ${probes.length} probes failed` };
  if (slow >= SLOW_MS) return { status: 'degraded', reason: `answers in ${Math.round(slow)} ms` };
  return { status: 'healthy', reason: '' };
}

function judgeBad(status: HealthStatus, probes: readonly Probe[], { outcome, detail }: Probe): Verdict {
  const enough = status === 'unknown' || badInRow(probes) >= BAD_IN_ROW;
  if (outcome === 'refused' && (enough || status === 'misconfigured')) return { status: 'misconfigured', reason: detail };
  if (outcome === 'bad' && badInRow(probes) >= BAD_IN_ROW) return { status: 'unhealthy', reason: detail };
  return status === 'unknown' ? { status, reason: detail } : { status };
}

function isOut(status: HealthStatus): boolean {
  return status === 'unhealthy' || status === 'misconfigured';
}

function hasRecovered(probes: readonly Probe[]): boolean {
  const good = goodInRow(probes);
  const [first] = good;
  const last = good.at(-1);
  if (first === undefined || last === undefined || good.length < GOOD_IN_ROW) return false;
  return last.at.getTime() - first.at.getTime() >= GOOD_FOR_MS;
}

function goodInRow(probes: readonly Probe[]): readonly Probe[] {
  return probes.slice(probes.findLastIndex(({ outcome }) => outcome !== 'good') + 1);
}

function badInRow(probes: readonly Probe[]): number {
  return probes.length - 1 - probes.findLastIndex(({ outcome }) => outcome === 'good');
}

function medianMs(durations: readonly number[]): number {
  const sorted = [...durations].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Between two probes, before the spread of ± 20 %. A wrong key is asked about rarely: each try is logged over there. */
const PROBE_EVERY_MS = 2_000;
const PROBE_REFUSED_EVERY_MS = 30_000;
const SPREAD = 0.2;

/** When the next probe is due, ms from now; `random` in 0…1. */
export function nextProbeInMs({ status, probes }: Pick<HealthState, 'status' | 'probes'>, random: number): number {
  const isRefused = status === 'misconfigured' && probes.at(-1)?.outcome === 'refused';
  const every = isRefused ? PROBE_REFUSED_EVERY_MS : PROBE_EVERY_MS;
  return Math.round(every * (1 - SPREAD + 2 * SPREAD * random));
}
