import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type RegionsApi, documentOf, startRegionsApi } from './regions-api.ts';

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

describe('GET /v1/ops/regions/{id}/health', () => {
  it('S4-09 shows status, reason, since and the newest probes', async () => {
    const { status, body } = await api.call('GET', '/v1/ops/regions/eu-fra/health');
    expect(status).toBe(200);
    expect(body).toMatchObject({ region: 'eu-fra', status: 'healthy', reason: '' });
    expect(body.probes[0]).toMatchObject({ outcome: 'good', detail: '', durationMs: expect.any(Number) });
    expect((await api.call('GET', '/v1/ops/regions/nowhere/health')).body.code).toBe('region.unknown');
  });

  it('tells a key that the region does not know from an outage, and says nothing of the key', async () => {
    await api.livekit['us-iad'].control('PUT', 'fault', { mode: 'wrong-key' });
    const health = await eventually(async () => {
      const { body, text } = await api.call('GET', '/v1/ops/regions/us-iad/health');
      expect(body.status).toBe('misconfigured');
      return text;
    }, { timeoutMs: 8_000 });
    expect(health).toContain('does not accept our key');
    expect(health).not.toContain('eyJ');
    await api.livekit['us-iad'].control('DELETE', 'fault');
  });

  it('a key that is mended on our side is seen at once', async () => {
    const url = api.livekit['us-iad'].url;
    const keys = [{ id: 'two', key: 'APIus', secret: api.livekit['us-iad'].secret, use: 'sign' }];
    await api.call('PUT', '/v1/ops/regions/us-iad', { body: documentOf('us-iad', `${url}/`, { livekit: { publicUrl: url, apiUrl: url, keys: [{ id: 'x', key: 'APIus', secret: 'wrong', use: 'sign' }] } }) });
    await eventually(async () => expect((await api.call('GET', '/v1/ops/regions/us-iad/health')).body.status).toBe('misconfigured'));
    await api.call('PATCH', '/v1/ops/regions/us-iad', { body: { livekit: { keys } } });
    await eventually(async () => expect((await api.call('GET', '/v1/ops/regions/us-iad/health')).body.status).toBe('healthy'), { timeoutMs: 2_000 });
  });
});

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

describe('GET /v1/regions', () => {
  it('anyone may read where regions are, how to measure them and whether they accept', async () => {
    const answer = await api.call('GET', '/v1/regions', { key: null, headers: { Origin: 'https://app.example' } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=30');
    expect(answer.headers.get('access-control-allow-origin')).not.toBeNull();
    expect(answer.body.items[0]).toEqual({
      id: 'eu-fra', name: 'F9', latitude: 50.11, longitude: 8.68, jurisdiction: 'EU', probeUrl: api.livekit['eu-fra'].url, accepting: true,
    });
  });

  it('says accepting: false of a cordoned region', async () => {
    await api.call('POST', '/v1/ops/regions/eu-fra/cordon');
    const { body } = await api.call('GET', '/v1/regions', { key: null });
    expect(body.items[0].accepting).toBe(false);
    await api.call('POST', '/v1/ops/regions/eu-fra/enable');
  });
});

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
