import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RegionsApi, startRegionsApi } from './regions-api.ts';

let api: RegionsApi;
beforeAll(async () => {
  api = await startRegionsApi();
  await api.putLive('eu-fra');
});
afterAll(() => api.close());

const act = (action: string, id = 'eu-fra') => api.call('POST', `/v1/ops/regions/${id}/${action}`);

describe('POST /v1/ops/regions/{id}/cordon|enable|disable', () => {
  it.each([
    ['cordon', 'cordoned', false],
    ['disable', 'disabled', false],
    ['enable', 'enabled', true],
  ])('%s answers with the region, in force at once', async (action, state, accepting) => {
    const answer = await act(action);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: 'eu-fra', state, accepting });
    expect(api.regions.get('eu-fra', 'path').adminState).toBe(state);
    expect(await api.database.query('SELECT admin_state FROM region')).toEqual([{ admin_state: state }]);
  });

  it('is written down once: revision, audit and event, and nothing when nothing changes', async () => {
    const before = api.regions.snapshot().revision;
    await act('cordon');
    await act('cordon');
    expect(api.regions.snapshot().revision).toBe(before + 1);
    const revisions = await api.call('GET', '/v1/ops/config/revisions?limit=1');
    expect(revisions.body.items[0]).toMatchObject({ n: before + 1, diff: [{ region: 'eu-fra', change: 'changed', fields: ['state'] }] });
    const events = await api.database.query("SELECT log, data FROM event WHERE type = 'region.state' AND transition = $1 ORDER BY log", [`state:${before + 1}`]);
    expect(events).toEqual(['default', 'system'].map((log) => ({ log, data: { region: 'eu-fra', state: 'cordoned', previous: 'enabled' } })));
  });

  it('keeps the gateway and its running calls: only how a region is reached exchanges it', async () => {
    const gateway = api.regions.gatewayOf('eu-fra');
    await act('enable');
    expect(api.regions.gatewayOf('eu-fra')).toBe(gateway);
  });

  it('404 region.unknown', async () => {
    expect((await act('cordon', 'nowhere')).body.code).toBe('region.unknown');
    expect((await act('abandon', 'nowhere')).body.code).toBe('region.unknown');
  });
});
