import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RegionsApi, startRegionsApi } from './regions-api.ts';

let api: RegionsApi;
beforeAll(async () => {
  api = await startRegionsApi();
});
afterAll(() => api.close());

describe('GET /v1/ops/regions', () => {
  it('is empty with the tag of revision 0 before the first region, and sorted by id afterwards', async () => {
    const empty = await api.call('GET', '/v1/ops/regions');
    expect([empty.body, empty.headers.get('etag')]).toEqual([{ items: [] }, '"0"']);
    await api.putLive('us-iad');
    await api.putLive('eu-fra');
    const list = await api.call('GET', '/v1/ops/regions');
    expect(list.body.items.map(({ id }: { id: string }) => id)).toEqual(['eu-fra', 'us-iad']);
    expect(list.headers.get('etag')).toBe('"2"');
  });

  it('needs the scope ops:read', async () => {
    for (const path of ['/v1/ops/regions', '/v1/ops/regions/eu-fra', '/v1/ops/regions/eu-fra/health', '/v1/ops/config/revisions']) {
      expect((await api.call('GET', path, { key: api.tenantKey })).status).toBe(403);
      expect((await api.call('GET', path, { key: null })).status).toBe(401);
    }
  });
});
