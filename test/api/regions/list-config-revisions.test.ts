import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RegionsApi, startRegionsApi } from './regions-api.ts';

let api: RegionsApi;
beforeAll(async () => {
  api = await startRegionsApi();
  await api.putLive('us-iad');
  await api.putLive('eu-fra');
});
afterAll(() => api.close());

describe('GET /v1/ops/config/revisions', () => {
  it('lists who changed which fields, newest first, by pages', async () => {
    const { body } = await api.call('GET', '/v1/ops/config/revisions?limit=1');
    expect(body.items).toHaveLength(1);
    expect(body.items[0]).toMatchObject({ n: api.regions.snapshot().revision, author: expect.stringMatching(/^key:key_/) });
    const next = await api.call('GET', `/v1/ops/config/revisions?cursor=${body.nextCursor}`);
    expect(next.body.items.at(-1)).toMatchObject({ n: 1, diff: [{ region: 'us-iad', change: 'added', fields: [] }] });
    expect(next.body.nextCursor).toBeNull();
    expect((await api.call('GET', '/v1/ops/config/revisions?cursor=WyJ4Il0')).status).toBe(400);
  });

  it('never changes: a revision is the same after ten more', async () => {
    const first = async () => (await api.database.query('SELECT * FROM region_revision WHERE n = 1'))[0];
    const before = await first();
    for (let index = 0; index < 10; index += 1) await api.call('PATCH', '/v1/ops/regions/eu-fra', { body: { name: `F${index}` } });
    expect(await first()).toEqual(before);
  });
});
