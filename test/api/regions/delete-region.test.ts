import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RegionsApi, startRegionsApi } from './regions-api.ts';

let api: RegionsApi;
beforeAll(async () => {
  api = await startRegionsApi();
  await api.putLive('eu-fra');
});
afterAll(() => api.close());

const remove = () => api.call('DELETE', '/v1/ops/regions/eu-fra');

describe('DELETE /v1/ops/regions/{id}', () => {
  it('409 region.in-use while something stands in it', async () => {
    api.inUse.add('eu-fra');
    const answer = await remove();
    expect([answer.status, answer.body.code]).toEqual([409, 'region.in-use']);
    expect((await api.call('GET', '/v1/ops/regions/eu-fra')).status).toBe(200);
  });

  it('removes a region, its health and its gateway when it is free', async () => {
    api.inUse.clear();
    expect((await remove()).status).toBe(204);
    expect((await api.call('GET', '/v1/ops/regions/eu-fra')).status).toBe(404);
    expect(() => api.regions.gatewayOf('eu-fra')).toThrow(/region.unknown/);
    expect((await remove()).body.code).toBe('region.unknown');
    // A probe that was under way must not bring its row back.
    api.regions.noteSign('eu-fra');
    await api.regions.stop();
    expect(await api.database.query('SELECT 1 FROM region_health')).toEqual([]);
  });
});
