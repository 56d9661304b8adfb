import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegionHealthStore } from '../../../src/regions/region-health-store.ts';
import { createRegionLedger, type RegionLedger } from '../../../src/regions/region-ledger.ts';
import type { HealthStatus } from '../../../src/regions/region.ts';
import { type RegionsApi, documentOf, startRegionsApi } from '../../api/regions/regions-api.ts';
import { eventually } from '../../support/eventually.ts';

let api: RegionsApi;
beforeEach(async () => {
  api = await startRegionsApi();
});
afterEach(() => api.close());

const health = async (id: string): Promise<Record<string, unknown>> =>
  (await api.database.query('SELECT *, now() - dark_since AS dark_for FROM region_health WHERE region_id = $1', [id]))[0] ?? {};

/** A region that nobody probes, and a ledger of a replica that is not the API's. */
async function quietRegion(): Promise<RegionLedger> {
  await api.call('PUT', '/v1/ops/regions/eu-fra', { body: documentOf('eu-fra', api.livekit['eu-fra'].apiUrl) });
  await api.regions.stop();
  return ledgerOf();
}

function ledgerOf(): RegionLedger {
  const errors: unknown[] = [];
  return createRegionLedger({ unitOfWork: api.platform.unitOfWork, monotonicMs: () => 0, onError: (error) => errors.push(error) });
}

const verdict = (status: HealthStatus) => ({ regionId: 'eu-fra', status, reason: status, probes: [] });

describe('the proof that a region is silent', () => {
  it('S4-14 counts from the first failed probe, and a sign of life by any replica ends it', async () => {
    const ledger = await quietRegion();
    await api.database.query("UPDATE region_health SET dark_since = NULL, last_failure_at = NULL");
    ledger.noteFailure('eu-fra');
    await ledger.flush();
    const { dark_since: first, last_failure_at: failedAt } = await health('eu-fra');
    expect(first).toEqual(failedAt);
    ledger.noteFailure('eu-fra');
    await ledger.flush();
    expect((await health('eu-fra'))['dark_since']).toEqual(first);

    ledgerOf().noteSign('eu-fra');
    const other = ledgerOf();
    other.noteSign('eu-fra');
    await other.flush();
    expect((await health('eu-fra'))['dark_since']).toBeNull();
    expect((await health('eu-fra'))['last_sign_at']).not.toBeNull();
  });

  it('S4-14 begins anew after a gap of more than ten seconds: processes that were away prove nothing', async () => {
    const ledger = await quietRegion();
    await api.database.query("UPDATE region_health SET dark_since = now() - interval '5 minutes', last_failure_at = now() - interval '11 seconds'");
    ledger.noteFailure('eu-fra');
    await ledger.flush();
    expect((await health('eu-fra'))['dark_since']).toEqual((await health('eu-fra'))['last_failure_at']);

    await api.database.query("UPDATE region_health SET dark_since = now() - interval '5 minutes', last_failure_at = now() - interval '9 seconds'");
    ledger.noteFailure('eu-fra');
    await ledger.flush();
    const rows = await api.database.query<{ minutes: number }>('SELECT round(extract(epoch FROM now() - dark_since) / 60)::int AS minutes FROM region_health');
    expect(rows).toEqual([{ minutes: 5 }]);
  });

  it('a sign and a failure of one second are a sign', async () => {
    const ledger = await quietRegion();
    ledger.noteSign('eu-fra');
    ledger.noteFailure('eu-fra');
    await ledger.flush();
    expect((await health('eu-fra'))['dark_since']).toBeNull();
  });

  it('is written by the probes of a region that does not answer, and not by those of one with a wrong key', async () => {
    await api.livekit['us-iad'].control('PUT', 'fault', { mode: 'wrong-key' });
    await api.call('PUT', '/v1/ops/regions/us-iad', { body: documentOf('us-iad', api.livekit['us-iad'].apiUrl) });
    await api.call('PUT', '/v1/ops/regions/eu-fra', { body: documentOf('eu-fra', 'http://127.0.0.1:9') });
    await eventually(async () => expect(await health('eu-fra')).toMatchObject({ status: 'unhealthy', dark_since: expect.any(Date), last_sign_at: null }), { timeoutMs: 10_000 });
    expect(await health('us-iad')).toMatchObject({ status: 'misconfigured', dark_since: null, last_failure_at: null });
  });
});

describe('verdicts of several replicas', () => {
  it('that disagree do not write to and fro, and announce each change once', async () => {
    const one = await quietRegion();
    const two = ledgerOf();
    await api.database.query('DELETE FROM region_health');
    one.noteVerdict(verdict('healthy'), { isNew: true, isGood: true });
    await one.flush();
    two.noteVerdict(verdict('unhealthy'), { isNew: true, isGood: false });
    await two.flush();
    for (let round = 0; round < 3; round += 1) {
      one.noteVerdict(verdict('healthy'), { isNew: false, isGood: true });
      two.noteVerdict(verdict('unhealthy'), { isNew: false, isGood: false });
      await Promise.all([one.flush(), two.flush()]);
    }
    expect((await health('eu-fra'))['status']).toBe('unhealthy');
    const events = await api.database.query("SELECT log, data FROM event WHERE type = 'region.health' AND data->>'reason' IN ('healthy', 'unhealthy') ORDER BY n");
    expect(events).toMatchObject([
      { log: 'system', data: { status: 'healthy', previous: 'unknown' } },
      { log: 'system', data: { status: 'unhealthy', previous: 'healthy' } },
    ]);
  });

  it('are taken over when nobody confirms them any more', async () => {
    const ledger = await quietRegion();
    await api.database.query("UPDATE region_health SET status = 'unhealthy', at = now() - interval '11 seconds'");
    ledger.noteVerdict(verdict('healthy'), { isNew: false, isGood: true });
    await ledger.flush();
    expect((await health('eu-fra'))['status']).toBe('healthy');
  });
});

describe('the health that a replica goes by', () => {
  it('S4-09 is loaded at the start when it is younger than 60 s, and unknown when it is not', async () => {
    await api.putLive('eu-fra');
    await api.call('PUT', '/v1/ops/regions/us-iad', { body: documentOf('us-iad', api.livekit['us-iad'].apiUrl) });
    await api.regions.stop();
    for (const id of ['eu-fra', 'us-iad'] as const) await api.livekit[id].control('PUT', 'fault', { mode: 'hang' });
    const store = createRegionHealthStore(api.platform.unitOfWork.db);
    await store.lockRows(['eu-fra', 'us-iad']);
    await api.database.query("UPDATE region_health SET status = 'degraded', at = now() - interval '50 seconds' WHERE region_id = 'eu-fra'");
    await api.database.query("UPDATE region_health SET status = 'degraded', at = now() - interval '70 seconds' WHERE region_id = 'us-iad'");
    const other = await api.startReplica();
    expect(other.regions.listViews().map(({ region, health: { status } }) => [region.id, status])).toEqual([
      ['eu-fra', 'degraded'],
      ['us-iad', 'unknown'],
    ]);
  });

  it('S4-09 is unhealthy at once when a call made trouble, and good again with a probe that began later', async () => {
    await api.putLive('eu-fra');
    expect(api.regions.findView('eu-fra')?.accepting).toBe(true);
    api.regions.noteTrouble('eu-fra');
    expect(api.regions.findView('eu-fra')).toMatchObject({ accepting: false, health: { status: 'unhealthy', proven: true } });
    await eventually(() => expect(api.regions.findView('eu-fra')?.accepting).toBe(true), { timeoutMs: 3_000 });
  });

  it('S4-09 a region that dies takes no new sessions after two probes, and the others go on', async () => {
    await api.putLive('eu-fra');
    await api.putLive('us-iad');
    await api.livekit['eu-fra'].control('POST', 'kill');
    await eventually(() => expect(api.regions.findView('eu-fra')?.accepting).toBe(false), { timeoutMs: 8_000 });
    expect(api.regions.findView('us-iad')?.accepting).toBe(true);
  });

  it('every answer through the gateway is a sign of life, a refusal too', async () => {
    await api.putLive('eu-fra');
    await api.database.query('UPDATE region_health SET last_sign_at = NULL');
    expect(await api.regions.gatewayOf('eu-fra').deleteRoom('nobody')).toBe('absent');
    await eventually(async () => expect((await health('eu-fra'))['last_sign_at']).not.toBeNull(), { timeoutMs: 3_000 });
  });
});
