import type { Clock } from '../kernel/clock.ts';
import type { LivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import { readCpuSeconds } from '../platform/livekit/livekit-metrics.ts';
import type { MeasuredLoad, RegionHealthStore } from './region-health-store.ts';
import { type CpuReading, busyCores, cpuShareOf, loadOf } from './region-load.ts';
import type { Region, RegionSnapshot } from './region.ts';

export interface RegionMeterDependencies {
  readonly snapshot: () => RegionSnapshot;
  readonly gatewayOf: (regionId: string) => LivekitGateway;
  /** Our open sessions in a region. */
  readonly countOpenSessions: (regionId: string) => Promise<number>;
  readonly store: Pick<RegionHealthStore, 'writeLoads'>;
  readonly clock: Clock;
}

/** Under the interval between two rounds, so that a region that hangs holds no round up. */
const READ_TIMEOUT_MS = 3_000;

/**
 * Measures the load of every region and writes it down for all replicas; one process of the deployment does it. What
 * cannot be read is left out of a region's load, and a region that is away keeps nobody else's from being measured.
 */
export function createRegionMeter(dependencies: RegionMeterDependencies): (signal: AbortSignal) => Promise<void> {
  const { snapshot, gatewayOf, countOpenSessions, store, clock } = dependencies;
  const readings = new Map<string, CpuReading>();

  async function readNode(url: string, signal: AbortSignal): Promise<number | undefined> {
    const before = readings.get(url);
    readings.delete(url);
    const cpuSeconds = await readCpuSeconds(url, { timeoutMs: READ_TIMEOUT_MS, signal });
    const now = { cpuSeconds, atMs: clock.monotonicMs() };
    readings.set(url, now);
    return busyCores(before, now);
  }

  async function readCpu({ metricsUrls, capacity: { nodeCores } }: Region, signal: AbortSignal): Promise<number | undefined> {
    if (nodeCores === undefined) return undefined;
    const nodes = await Promise.allSettled(metricsUrls.map((url) => readNode(url, signal)));
    return cpuShareOf(nodes.map((node) => (node.status === 'fulfilled' ? node.value : undefined)), nodeCores);
  }

  async function countParticipants({ id, capacity }: Region, signal: AbortSignal): Promise<number | undefined> {
    if (capacity.maxParticipants === undefined) return undefined;
    try {
      const rooms = await gatewayOf(id).listRooms(undefined, { timeoutMs: READ_TIMEOUT_MS, signal });
      return rooms.reduce((sum, room) => sum + room.participants, 0);
    } catch {
      // The probe tells of it; here it only means that this part is not known.
      return undefined;
    }
  }

  async function countSessions({ id, capacity }: Region): Promise<number | undefined> {
    return capacity.maxRooms === undefined ? undefined : countOpenSessions(id);
  }

  async function measure(region: Region, signal: AbortSignal): Promise<MeasuredLoad> {
    const [participants, cpuShare, openSessions] = await Promise.all([
      countParticipants(region, signal), readCpu(region, signal), countSessions(region),
    ]);
    const load = loadOf({ participants, openSessions, cpuShare }, region.capacity);
    return { regionId: region.id, load: load ?? null, participants: participants ?? null, rooms: openSessions ?? null };
  }

  return async (signal) => {
    const { regions } = snapshot();
    if (regions.length === 0) return;
    const loads = await Promise.all(regions.map((region) => measure(region, signal)));
    signal.throwIfAborted();
    await store.writeLoads(loads);
  };
}
