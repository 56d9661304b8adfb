import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type RegionsApi, documentOf, startRegionsApi } from './regions-api.ts';

let api: RegionsApi;
beforeAll(async () => {
  api = await startRegionsApi({ controlPlaneRedis: 'redis://user:pw@control.example:6379/0' });
});
afterAll(() => api.close());

const put = (id: string, body: unknown, headers: Readonly<Record<string, string>> = {}) => api.call('PUT', `/v1/ops/regions/${id}`, { body, headers });
const eu = (changes?: Readonly<Record<string, unknown>>) => documentOf('eu-fra', api.livekit['eu-fra'].apiUrl, changes);
const us = (changes?: Readonly<Record<string, unknown>>) => documentOf('us-iad', api.livekit['us-iad'].apiUrl, changes);

describe('PUT /v1/ops/regions/{id}', () => {
  it('S4-01 S4-12 makes a region that is proven by its first good probe and takes sessions without a restart', async () => {
    const answer = await api.putLive('eu-fra', { countries: ['de'], redis: { url: 'redis://u:redis-pw@eu-redis.example' } });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.body).toMatchObject({
      id: 'eu-fra', name: 'eu-fra', state: 'enabled', countries: ['DE'], capacity: { loadLimit: 0.9, maxRooms: null },
      storage: null, redis: { url: 'redis://eu-redis.example' },
    });
    expect((await api.call('GET', '/v1/ops/regions/eu-fra')).body).toMatchObject({ accepting: true, health: { status: 'healthy' } });
  });

  it('shows a key by its fingerprint, and no secret anywhere', async () => {
    const { body, text } = await api.call('GET', '/v1/ops/regions/eu-fra');
    expect(body.livekit.keys).toEqual([{ id: 'k1', keyId: 'APIeufra', use: 'sign', fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/), lastUsedAt: body.livekit.keys[0].lastUsedAt }]);
    for (const secret of [api.livekit['eu-fra'].secret, 'redis-pw']) {
      expect(text).not.toContain(secret);
      for (const line of api.logLines) expect(line).not.toContain(secret);
      const rows = await api.database.query<{ all: string }>(
        'SELECT (SELECT json_agg(r) FROM region r)::text || (SELECT json_agg(r) FROM region_revision r)::text || (SELECT json_agg(a) FROM audit_entry a)::text || coalesce((SELECT json_agg(e) FROM event e)::text, \'\') AS all',
      );
      expect(rows[0]?.all).not.toContain(secret);
    }
  });

  it('replaces: what is left out has its default, a secret that is left out stays', async () => {
    const keys = [{ id: 'k1', key: 'APIeufra', use: 'sign' }];
    const answer = await put('eu-fra', eu({ name: 'Frankfurt', livekit: { publicUrl: 'wss://fra.example', apiUrl: api.livekit['eu-fra'].apiUrl, keys } }));
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ name: 'Frankfurt', countries: [], redis: null });
    expect(api.regions.get('eu-fra', 'path').livekit.keys[0]?.secret.reveal()).toBe(api.livekit['eu-fra'].secret);
  });

  it('changes nothing and makes no revision when it says what is there', async () => {
    const body = eu({ name: 'Same' });
    const first = await put('eu-fra', body);
    const second = await put('eu-fra', body);
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
  });

  it('S4-06 refuses a region on another region\'s Redis with the path, and takes the control plane\'s own with a warning', async () => {
    await put('eu-fra', eu({ redis: { url: 'redis://eu-redis.example:6379/0' } }));
    const refused = await put('us-iad', us({ redis: { url: 'rediss://x:y@EU-redis.example/5' } }));
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: 'request.invalid', errors: [{ path: 'redis.url' }] });
    expect((await api.call('GET', '/v1/ops/regions/us-iad')).status).toBe(404);

    expect((await put('us-iad', us({ redis: { url: 'redis://control.example' } }))).status).toBe(201);
    expect(api.logLines.some((line) => line.includes('region us-iad uses the control plane'))).toBe(true);
  });

  it.each([
    ['an insecure address', { livekit: { publicUrl: 'ws://fra.example', apiUrl: 'https://fra.example', keys: [] } }, 'livekit.publicUrl'],
    ['a field no region has', { state: 'cordoned' }, 'state'],
    ['another id', { id: 'us-iad' }, 'id'],
  ])('400 names %s', async (_what, changes, path) => {
    const answer = await put('eu-fra', eu(changes));
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((each: { path: string }) => each.path)).toContain(path);
  });

  it('400 asks for the secret of a new key', async () => {
    const keys = [{ id: 'new', key: 'APInew', use: 'sign' }];
    const answer = await put('eu-fra', eu({ livekit: { publicUrl: 'wss://fra.example', apiUrl: 'https://fra.example', keys } }));
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([{ path: 'livekit.keys.0.secret', message: 'is needed for a new key' }]);
  });

  it('412 for a stale If-Match, and takes the newest', async () => {
    const newest = (await api.call('GET', '/v1/ops/regions')).headers.get('etag') ?? '';
    expect((await put('eu-fra', eu({ name: 'Stale' }), { 'If-Match': '"0"' })).body.code).toBe('region.revision-conflict');
    expect((await put('eu-fra', eu({ name: 'Fresh' }), { 'If-Match': newest })).status).toBe(200);
  });

  it('needs the scope ops:write', async () => {
    expect((await api.call('PUT', '/v1/ops/regions/eu-fra', { key: api.tenantKey, body: eu() })).status).toBe(403);
    expect((await api.call('PUT', '/v1/ops/regions/eu-fra', { key: null, body: eu() })).status).toBe(401);
  });

  it('writes audit and announces the region to operators and every tenant', async () => {
    const audit = await api.database.query<{ action: string; after: { state: string } }>("SELECT action, after FROM audit_entry WHERE subject = 'us-iad'");
    expect(audit).toMatchObject([{ action: 'region.put', after: { state: 'enabled' } }]);
    const events = await api.database.query<{ log: string; data: unknown }>("SELECT log, data FROM event WHERE type = 'region.state' AND subject_id = 'us-iad' ORDER BY log");
    const data = { region: 'us-iad', state: 'enabled', previous: null };
    expect(events).toEqual([{ log: 'default', data }, { log: 'system', data }]);
  });

  it('S4-01 S0-02 is known to another replica within a second, keys included', async () => {
    const other = await api.startReplica();
    await put('us-iad', us({ name: 'Ashburn' }));
    const started = performance.now();
    await eventually(() => expect(other.regions.find('us-iad')?.name).toBe('Ashburn'), { timeoutMs: 2_000, everyMs: 10 });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(other.regions.signingKeyOf('us-iad').secret.reveal()).toBe(api.livekit['us-iad'].secret);
  });

  it('two writers at a time make two revisions, one after the other', async () => {
    const other = await api.startReplica();
    const before = api.regions.snapshot().revision;
    const answers = await Promise.all([
      put('eu-fra', eu({ name: 'One' })),
      other.call('PUT', '/v1/ops/regions/us-iad', { body: us({ name: 'Two' }) }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const rows = await api.database.query<{ n: number }>('SELECT n FROM region_revision WHERE n > $1 ORDER BY n', [before]);
    expect(rows.map(({ n }) => n)).toEqual([before + 1, before + 2]);
  });
});
