import { describe, expect, it } from 'vitest';
import { createGeoReporter, type GeoReport, type GeoStatus } from '../../../../src/platform/geoip/geo-report.ts';
import { createLogger } from '../../../../src/platform/telemetry/logger.ts';
import { createMetrics } from '../../../../src/platform/telemetry/metrics.ts';

const STATUS: GeoStatus = { source: 'operator', files: [], bytes: 1000, ageDays: 50, stale: true, degraded: true, problem: 'own.mmdb is empty', overrides: 2 };

async function told(report: GeoReport) {
  const lines: string[] = [];
  const metrics = createMetrics({ withProcess: false });
  createGeoReporter({ metrics, logger: createLogger({ level: 'info', instance: 'i', role: 'api', sink: { write: (line) => void lines.push(line) } }) })(report);
  return { lines: lines.map((line) => JSON.parse(line)), metrics: await metrics.render() };
}

describe('B-21 the state of the GeoIP data is seen', () => {
  it('as gauges: age, stale, degraded, memory', async () => {
    const { metrics, lines } = await told({ kind: 'checked', status: STATUS });
    for (const line of ['meridian_geoip_data_age_days 50', 'meridian_geoip_stale 1', 'meridian_geoip_degraded 1', 'meridian_geoip_bytes 1000']) expect(metrics).toContain(line);
    expect(lines).toEqual([]);
    expect((await told({ kind: 'checked', status: { ...STATUS, ageDays: null } })).metrics).toContain('meridian_geoip_data_age_days -1');
  });

  it('as one log line for each cause, a warning where somebody should act', async () => {
    expect((await told({ kind: 'refused', problem: 'own.mmdb is empty', status: STATUS })).lines).toMatchObject([{ level: 'warn', problem: 'own.mmdb is empty' }]);
    expect((await told({ kind: 'stale', status: STATUS })).lines).toMatchObject([{ level: 'warn', ageDays: 50 }]);
    expect((await told({ kind: 'in-use', status: STATUS })).lines).toMatchObject([{ level: 'info', source: 'operator' }]);
  });
});
