import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RegionsApi, startRegionsApi } from './regions-api.ts';

let api: RegionsApi;
beforeAll(async () => {
  api = await startRegionsApi();
  await api.putLive('eu-fra');
});
afterAll(() => api.close());

describe('GET /v1/regions', () => {
  it('anyone may read where regions are, how to measure them and whether they accept', async () => {
    const answer = await api.call('GET', '/v1/regions', { key: null, headers: { Origin: 'https://app.example' } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=30');
    expect(answer.headers.get('access-control-allow-origin')).not.toBeNull();
    expect(answer.body.items[0]).toEqual({
      id: 'eu-fra', name: 'eu-fra', latitude: 50.11, longitude: 8.68, jurisdiction: 'EU', probeUrl: api.livekit['eu-fra'].apiUrl, accepting: true,
    });
  });

  it('says accepting: false of a cordoned region', async () => {
    await api.call('POST', '/v1/ops/regions/eu-fra/cordon');
    const { body } = await api.call('GET', '/v1/regions', { key: null });
    expect(body.items[0].accepting).toBe(false);
    await api.call('POST', '/v1/ops/regions/eu-fra/enable');
  });
});
