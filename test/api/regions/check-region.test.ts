import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type RegionsApi, startRegionsApi } from './regions-api.ts';

let api: RegionsApi;
beforeAll(async () => {
  api = await startRegionsApi();
  await api.putLive('eu-fra');
});
afterAll(() => api.close());

describe('GET /healthz/regions/{id}', () => {
  const check = (id: string) => api.call('GET', `/healthz/regions/${id}`, { key: null });

  it('S4-15 says 200 without a credential while the region takes new sessions, and nothing more', async () => {
    const answer = await check('eu-fra');
    expect([answer.status, answer.text]).toEqual([200, '']);
  });

  it('S4-15 says 503 of a cordoned region, and 200 again when it is enabled', async () => {
    await api.call('POST', '/v1/ops/regions/eu-fra/cordon');
    const answer = await check('eu-fra');
    expect([answer.status, answer.text]).toEqual([503, '']);
    await api.call('POST', '/v1/ops/regions/eu-fra/enable');
    expect((await check('eu-fra')).status).toBe(200);
  });

  it('S4-15 says 503 of a dead region, without asking it or Postgres', async () => {
    await api.livekit['eu-fra'].control('POST', 'kill');
    await eventually(async () => expect((await check('eu-fra')).status).toBe(503), { timeoutMs: 8_000 });
  });

  it('404 region.unknown', async () => {
    const answer = await check('nowhere');
    expect([answer.status, answer.body.code]).toEqual([404, 'region.unknown']);
  });
});
