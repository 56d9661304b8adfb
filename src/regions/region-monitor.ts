import type { Clock } from '../kernel/clock.ts';
import type { LivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import type { RegionDirectory } from './region-directory.ts';
import { connectionOf } from './region-gateways.ts';
import { type HealthState, type Probe, initialHealth } from './region-health.ts';
import type { StoredHealth } from './region-health-store.ts';
import type { RegionLedger } from './region-ledger.ts';
import type { RegionMetrics } from './region-metrics.ts';
import { probeRegion } from './region-probe.ts';
import { type RegionWatch, createRegionWatch } from './region-watch.ts';
import type { Region, RegionHealth } from './region.ts';

/** Watches every region of the snapshot and tells what this process knows of their health. */
export interface RegionMonitor {
  /** Never waits; of a region nobody knows `unknown`. */
  healthOf(regionId: string): RegionHealth;
  /** Since when the region is unhealthy; undefined while it is not. */
  unhealthySince(regionId: string): Date | undefined;
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

export interface RegionMonitorDependencies {
  readonly directory: Pick<RegionDirectory, 'snapshot' | 'find' | 'onChange'>;
  readonly gatewayOf: (regionId: string) => LivekitGateway;
  readonly ledger: Pick<RegionLedger, 'noteFailure' | 'noteVerdict'>;
  readonly metrics: RegionMetrics;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onChange: (regionId: string, now: HealthState, before: HealthState) => void;
}

interface Watched {
  readonly connection: string;
  readonly watch: RegionWatch;
}

/** A stored verdict or load older than this says nothing any more. */
const STORED_FOR_MS = 60_000;

export function createRegionMonitor(dependencies: RegionMonitorDependencies): RegionMonitor {
  const { directory, metrics, clock } = dependencies;
  const watched = new Map<string, Watched>();
  const loads = new Map<string, number>();
  let isStopped = false;

  function begin(region: Region, known: StoredHealth | undefined, isProven: boolean): void {
    const initial = stateOf(known, new Date(clock.nowMs()));
    const watch = watchRegion(region.id, { initial, isProven: isProven || (known?.proven ?? false) }, dependencies);
    watched.set(region.id, { connection: connectionOf(region), watch });
    metrics.showStatus(region.id, initial.status);
    watch.start();
  }

  function end(id: string): void {
    void watched.get(id)?.watch.stop();
    watched.delete(id);
  }

  /** Follows the snapshot: what is reached in another way is judged anew. */
  function follow(known: ReadonlyMap<string, StoredHealth>): void {
    for (const id of watched.keys()) {
      if (directory.find(id)) continue;
      end(id);
      loads.delete(id);
      metrics.forget(id);
    }
    for (const region of directory.snapshot().regions) {
      const entry = watched.get(region.id);
      if (entry?.connection === connectionOf(region)) continue;
      const wasProven = entry?.watch.health().proven ?? false;
      end(region.id);
      begin(region, known.get(region.id), wasProven);
    }
  }

  function learn(known: readonly StoredHealth[]): void {
    for (const { regionId, proven, load, loadAgeMs } of known) {
      if (proven) watched.get(regionId)?.watch.markProven();
      if (load !== null && loadAgeMs !== null && loadAgeMs < STORED_FOR_MS) loads.set(regionId, load);
      else loads.delete(regionId);
      if (watched.has(regionId)) metrics.showLoad(regionId, loads.get(regionId));
    }
  }

  return {
    learn,
    healthOf: (id) => ({ ...(watched.get(id)?.watch.health() ?? NOT_WATCHED), load: loads.get(id) }),
    unhealthySince: (id) => unhealthySince(watched.get(id)),
    probesOf: (id) => watched.get(id)?.watch.state().probes ?? [],
    noteTrouble: (id) => watched.get(id)?.watch.noteTrouble(),
    start: (known) => {
      follow(new Map(known.map((row) => [row.regionId, row])));
      learn(known);
      directory.onChange(() => {
        if (!isStopped) follow(new Map());
      });
    },
    stop: async () => {
      isStopped = true;
      await Promise.allSettled([...watched.values()].map(({ watch }) => watch.stop()));
    },
  };
}

function unhealthySince(watched: Watched | undefined): Date | undefined {
  const health = watched?.watch.health();
  return health?.status === 'unhealthy' ? health.since : undefined;
}

/** The watch of one region, with each probe written down and shown. */
function watchRegion(
  id: string,
  from: { readonly initial: HealthState; readonly isProven: boolean },
  { gatewayOf, ledger, metrics, clock, random, onChange }: RegionMonitorDependencies,
): RegionWatch {
  return createRegionWatch({
    ...from, clock, random,
    probe: (signal) => probeRegion(() => gatewayOf(id), clock, signal),
    onProbe: (probe, now, before) => {
      const isNew = now.status !== before.status;
      const { status, reason, probes } = now;
      if (probe.outcome === 'bad') ledger.noteFailure(id);
      ledger.noteVerdict({ regionId: id, status, reason, probes }, { isNew, isGood: probe.outcome === 'good' });
      metrics.observeProbe(id, probe, status);
      if (isNew) onChange(id, now, before);
    },
  });
}

function stateOf(known: StoredHealth | undefined, now: Date): HealthState {
  if (known === undefined || known.ageMs > STORED_FOR_MS) return initialHealth(now);
  const { status, reason, since } = known;
  return { status, reason, since, probes: [] };
}

const NOT_WATCHED: Omit<RegionHealth, 'load'> = Object.freeze({
  status: 'unknown', reason: 'not probed yet', since: new Date(0), proven: false,
});
