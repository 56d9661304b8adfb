import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RegionsApi, startRegionsApi } from './regions-api.ts';

let api: RegionsApi;
beforeAll(async () => {
  api = await startRegionsApi();
});
afterAll(() => api.close());

describe('PUT /v1/ops/regions/{id}', () => {
  it('S4-01 makes a region that is proven and takes sessions without a restart', async () => {
    const answer = await api.putLive('eu-fra', { countries: ['de'], tags: ['core'] });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.body).toMatchObject({ id: 'eu-fra', name: 'eu-fra', state: 'enabled', countries: ['DE'], capacity: { loadLimit: 0.9 } });
    const read = await api.call('GET', '/v1/ops/regions/eu-fra');
    expect(read.body).toMatchObject({ accepting: true, health: { status: 'healthy' } });
  });
});
