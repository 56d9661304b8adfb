import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export type GeoSource = 'operator' | 'packaged-city' | 'packaged-country' | 'none';

/** What the locator stands on at the moment. */
export interface GeoStatus {
  readonly source: GeoSource;
  readonly files: readonly {
    readonly path: string;
    readonly databaseType: string;
    readonly ipVersion: 4 | 6;
    readonly bytes: number;
    readonly builtAt: Date;
  }[];
  /** Memory that the files take, beside the process' own. */
  readonly bytes: number;
  /** Age of the oldest file in use; null without any. */
  readonly ageDays: number | null;
  readonly stale: boolean;
  /** Not what the operator asked for: a file of theirs is refused or away, or there is no data at all. */
  readonly degraded: boolean;
  /** Why, in words for a log or a health detail; null when nothing is wrong. */
  readonly problem: string | null;
  readonly overrides: number;
}

/** Something that a log should hear of; each is told once for each cause. */
export type GeoReport =
  | { readonly kind: 'in-use'; readonly status: GeoStatus }
  | { readonly kind: 'refused'; readonly problem: string; readonly status: GeoStatus }
  | { readonly kind: 'stale'; readonly status: GeoStatus }
  | { readonly kind: 'checked'; readonly status: GeoStatus };

/** Puts the locator's reports into log lines and gauges. */
export function createGeoReporter({ logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics }): (report: GeoReport) => void {
  const age = metrics.gauge('geoip_data_age_days', 'Age of the oldest GeoIP file in use; -1 without one.');
  const stale = metrics.gauge('geoip_stale', '1 when the GeoIP data is older than the configured age.');
  const degraded = metrics.gauge('geoip_degraded', '1 when the GeoIP data in use is not what was asked for, or is missing.');
  const bytes = metrics.gauge('geoip_bytes', 'Memory that the GeoIP files take.');
  return (report) => {
    const { status } = report;
    age.set(status.ageDays ?? -1);
    stale.set(status.stale ? 1 : 0);
    degraded.set(status.degraded ? 1 : 0);
    bytes.set(status.bytes);
    log(logger, report);
  };
}

function log(logger: Logger, report: GeoReport): void {
  const { source, ageDays, bytes, overrides } = report.status;
  const fields = { source, ageDays, bytes, overrides };
  if (report.kind === 'refused') logger.warn({ ...fields, problem: report.problem }, 'geoip data was refused; going on with what is in use');
  else if (report.kind === 'stale') logger.warn(fields, 'geoip data is stale; give a newer file (MERIDIAN_GEOIP_FILES)');
  else if (report.kind === 'in-use') logger.info(fields, 'geoip data is in use');
}
