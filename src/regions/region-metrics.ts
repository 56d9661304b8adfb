import type { Metrics } from '../platform/telemetry/metrics.ts';
import type { Probe } from './region-health.ts';
import { HEALTH_STATUSES, type HealthStatus } from './region.ts';

/** What the process tells Prometheus about regions. */
export interface RegionMetrics {
  showStatus(regionId: string, status: HealthStatus): void;
  showLoad(regionId: string, load: number | undefined): void;
  observeProbe(regionId: string, probe: Probe, status: HealthStatus): void;
  /** Whether the regions file as it is now is in force. */
  showFile(isInForce: boolean): void;
  /** A region that was removed leaves no series behind. */
  forget(regionId: string): void;
}

/** Seconds. A probe is given up after 2. */
const PROBE_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];
const OUTCOMES = ['good', 'bad', 'refused'] as const;

export function createRegionMetrics(metrics: Metrics): RegionMetrics {
  const health = metrics.gauge('region_health', '1 for the status that this process gives the region, 0 for the others', ['region', 'status']);
  const load = metrics.gauge('region_load', 'Load of the region, 0 to 1; absent while nothing measures it', ['region']);
  const probes = metrics.counter('region_probes_total', 'Probes of the region by outcome', ['region', 'outcome']);
  const duration = metrics.histogram('region_probe_seconds', 'Time of a probe of the region', PROBE_BUCKETS, ['region']);
  const file = metrics.gauge('regions_file_in_force', '0 while the regions file as it is now cannot be applied, else 1');

  function showStatus(region: string, status: HealthStatus): void {
    for (const each of HEALTH_STATUSES) health.set({ region, status: each }, each === status ? 1 : 0);
  }

  return {
    showStatus,
    showLoad: (region, value) => {
      if (value === undefined) load.remove({ region });
      else load.set({ region }, value);
    },
    showFile: (isInForce) => file.set(isInForce ? 1 : 0),
    observeProbe: (region, probe, status) => {
      showStatus(region, status);
      probes.inc({ region, outcome: probe.outcome });
      duration.observe({ region }, probe.durationMs / 1_000);
    },
    forget: (region) => {
      for (const status of HEALTH_STATUSES) health.remove({ region, status });
      for (const outcome of OUTCOMES) probes.remove({ region, outcome });
      duration.remove({ region });
      load.remove({ region });
    },
  };
}
