import type { Clock } from '../kernel/clock.ts';
import type { LivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import type { RegionDirectory } from './region-directory.ts';
import { connectionOf } from './region-gateways.ts';
import { type HealthState, type Probe, initialHealth, nextProbeInMs, observe } from './region-health.ts';
import type { StoredHealth } from './region-health-store.ts';
import type { RegionLedger } from './region-ledger.ts';
import type { RegionMetrics } from './region-metrics.ts';
import { probeRegion } from './region-probe.ts';
import type { Region, RegionHealth } from './region.ts';

/** Watches every region of the snapshot with probes of its own and tells what this process knows of their health. */
export interface RegionMonitor {
  /** Never waits; of a region nobody knows `unknown`. */
  healthOf(regionId: string): RegionHealth;
  /** The newest probes of this process, newest last. */
  probesOf(regionId: string): readonly Probe[];
  /** A call made a session fail: the region is unhealthy here at once, until a good probe that began well after it. */
  noteTrouble(regionId: string): void;
  /** Begins to probe, from what other replicas wrote within the last minute. */
  start(known: readonly StoredHealth[]): void;
  /** Takes what all replicas have written: load, and proof that a region has ever worked. */
  learn(known: readonly StoredHealth[]): void;
  stop(): Promise<void>;
}

interface Watched {
  readonly connection: string;
  state: HealthState;
  proven: boolean;
  /** When a call last made trouble, monotonic ms; undefined when a good probe has come since. */
  troubleAtMs: number | undefined;
  troubleSince: Date;
  timer: NodeJS.Timeout | undefined;
  running: Promise<void> | undefined;
}

/** A stored verdict or load older than this says nothing any more. */
const STORED_FOR_MS = 60_000;
/** A probe counts against trouble when it began this much later: long enough for a hiccup to be over. */
const TROUBLE_FOR_MS = 500;

export interface RegionMonitorDependencies {
  readonly directory: Pick<RegionDirectory, 'snapshot' | 'find' | 'onChange'>;
  readonly gatewayOf: (regionId: string) => LivekitGateway;
  readonly ledger: Pick<RegionLedger, 'noteFailure' | 'noteVerdict'>;
  readonly metrics: RegionMetrics;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onChange: (regionId: string, now: HealthState, before: HealthState) => void;
}

export function createRegionMonitor(dependencies: RegionMonitorDependencies): RegionMonitor {
  const { directory, gatewayOf, ledger, metrics, clock, random, onChange } = dependencies;
  const watched = new Map<string, Watched>();
  const loads = new Map<string, number>();
  const controller = new AbortController();
  let started = false;

  function arm(id: string, entry: Watched, delayMs: number): void {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => {
      entry.running = probe(id, entry).finally(() => {
        entry.running = undefined;
        if (watched.get(id) === entry && !controller.signal.aborted) arm(id, entry, dueInMs(entry));
      });
    }, delayMs);
  }

  function dueInMs({ state, troubleAtMs }: Watched): number {
    const regular = nextProbeInMs(state, random());
    return troubleAtMs === undefined ? regular : Math.max(0, Math.min(regular, troubleAtMs + TROUBLE_FOR_MS - clock.monotonicMs()));
  }

  async function probe(id: string, entry: Watched): Promise<void> {
    const startedMs = clock.monotonicMs();
    const result = await probeRegion(() => gatewayOf(id), clock, controller.signal);
    if (controller.signal.aborted || watched.get(id) !== entry) return;
    take(id, entry, result, startedMs);
  }

  function take(id: string, entry: Watched, result: Probe, startedMs: number): void {
    const before = entry.state;
    entry.state = observe(before, result);
    if (result.outcome === 'good') {
      entry.proven = true;
      if (entry.troubleAtMs !== undefined && startedMs >= entry.troubleAtMs + TROUBLE_FOR_MS) entry.troubleAtMs = undefined;
    }
    const { status, reason, probes } = entry.state;
    const isNew = status !== before.status;
    if (result.outcome === 'bad') ledger.noteFailure(id);
    ledger.noteVerdict({ regionId: id, status, reason, probes }, { isNew, isGood: result.outcome === 'good' });
    metrics.observeProbe(id, result, status);
    if (isNew) onChange(id, entry.state, before);
  }

  function watch(region: Region, known: StoredHealth | undefined, wasProven: boolean): void {
    const entry: Watched = {
      connection: connectionOf(region),
      state: stateOf(known, new Date(clock.nowMs())),
      proven: wasProven || (known?.proven ?? false),
      troubleAtMs: undefined,
      troubleSince: new Date(clock.nowMs()),
      timer: undefined,
      running: undefined,
    };
    watched.set(region.id, entry);
    metrics.showStatus(region.id, entry.state.status);
    arm(region.id, entry, 0);
  }

  function forget(id: string, entry: Watched): void {
    clearTimeout(entry.timer);
    watched.delete(id);
    loads.delete(id);
    metrics.forget(id);
  }

  /** Follows the snapshot: what is reached in another way is judged anew. */
  function follow(known: ReadonlyMap<string, StoredHealth>): void {
    const { regions } = directory.snapshot();
    for (const [id, entry] of watched) if (!directory.find(id)) forget(id, entry);
    for (const region of regions) {
      const entry = watched.get(region.id);
      if (entry?.connection === connectionOf(region)) continue;
      clearTimeout(entry?.timer);
      watch(region, known.get(region.id), entry?.proven ?? false);
    }
  }

  function learn(known: readonly StoredHealth[]): void {
    for (const { regionId, proven, load, loadAgeMs } of known) {
      const entry = watched.get(regionId);
      if (entry && proven) entry.proven = true;
      if (load !== null && loadAgeMs !== null && loadAgeMs < STORED_FOR_MS) loads.set(regionId, load);
      else loads.delete(regionId);
      metrics.showLoad(regionId, loads.get(regionId));
    }
  }

  return {
    learn,
    healthOf: (id) => toHealth(watched.get(id), loads.get(id)),
    probesOf: (id) => watched.get(id)?.state.probes ?? [],
    noteTrouble: (id) => {
      const entry = watched.get(id);
      if (!entry) return;
      if (entry.troubleAtMs === undefined) entry.troubleSince = new Date(clock.nowMs());
      entry.troubleAtMs = clock.monotonicMs();
      if (entry.running === undefined && started) arm(id, entry, TROUBLE_FOR_MS);
    },
    start: (known) => {
      started = true;
      follow(new Map(known.map((row) => [row.regionId, row])));
      learn(known);
      directory.onChange(() => {
        if (!controller.signal.aborted) follow(new Map());
      });
    },
    stop: async () => {
      controller.abort();
      const running = [...watched.values()].map((entry) => {
        clearTimeout(entry.timer);
        return entry.running;
      });
      await Promise.allSettled(running);
    },
  };
}

function stateOf(known: StoredHealth | undefined, now: Date): HealthState {
  if (known === undefined || known.ageMs > STORED_FOR_MS) return initialHealth(now);
  const { status, reason, since } = known;
  return { status, reason, since, probes: [] };
}

const NOT_WATCHED: RegionHealth = Object.freeze({
  status: 'unknown', reason: 'not probed yet', since: new Date(0), proven: false, load: undefined,
});

function toHealth(entry: Watched | undefined, load: number | undefined): RegionHealth {
  if (entry === undefined) return NOT_WATCHED;
  const { state, proven, troubleAtMs, troubleSince } = entry;
  const { status, reason, since } = state;
  if (troubleAtMs === undefined || status === 'unhealthy' || status === 'misconfigured') return { status, reason, since, proven, load };
  return { status: 'unhealthy', reason: 'a call to it failed a moment ago', since: troubleSince, proven, load };
}
