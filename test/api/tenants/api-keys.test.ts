import { inject } from 'vitest';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { startTestProduct } from '../../support/test-product.ts';
import { useTenantsApi } from './tenants-api.ts';

const api = useTenantsApi();
const call = (key: string, method: string, path: string, body?: unknown) => api.product.api.call(method, path, { key, body });

describe('making an API key', () => {
  it('shows the whole credential once, in an answer that nobody caches, and keeps only its digest', async () => {
    const made = await api.ops('POST', '/v1/ops/api-keys', { tenantId: 'default', name: 'server', scopes: ['rooms:read'] });
    expect(made.status).toBe(201);
    expect(made.headers.get('cache-control')).toBe('no-store');
    const { secret, ...rest } = made.body;
    expect(rest).toEqual({
      id: expect.stringMatching(/^key_/), tenantId: 'default', name: 'server', scopes: ['rooms:read'], prefix: expect.stringMatching(/^mk_/),
      expiresAt: null, createdAt: expect.any(String), lastUsedAt: null,
    });
    expect(secret.startsWith(`${rest.prefix}_`)).toBe(true);
    const listed = (await api.ops('GET', '/v1/ops/api-keys')).body.items.find(({ id }: { id: string }) => id === rest.id);
    expect(listed).toEqual(rest);
    const stored = JSON.stringify(await api.database.query('SELECT *, encode(hash, $1) AS digest FROM api_key WHERE id = $2', ['hex', rest.id]));
    const audit = (await api.ops('GET', '/v1/ops/audit')).text;
    for (const text of [stored, audit]) {
      expect(text).toContain(rest.id);
      expect(text).not.toContain(secret.slice(rest.prefix.length + 1));
    }
  });

  it.each([
    ['no scopes', { scopes: [] }, 400, 'request.invalid'],
    ['an unknown scope', { scopes: ['rooms:admin'] }, 400, 'request.invalid'],
    ['a scope twice', { scopes: ['rooms:read', 'rooms:read'] }, 400, 'request.invalid'],
    ['a past expiry', { expiresAt: '2020-01-01T00:00:00Z' }, 400, 'request.invalid'],
    ['an expiry that is no time', { expiresAt: 'tomorrow' }, 400, 'request.invalid'],
    ['an absent tenant', { tenantId: 'none' }, 404, 'tenant.not-found'],
    ['a tenant’s scope without a tenant', { tenantId: undefined }, 400, 'request.invalid'],
    ['a secret of one’s own', { secret: 'mk_x' }, 400, 'request.invalid'],
  ])('refuses %s', async (_name, change, status, code) => {
    const answer = await api.ops('POST', '/v1/ops/api-keys', { tenantId: 'default', name: 'x', scopes: ['rooms:read'], ...change });
    expect(answer.body).toMatchObject({ status, code });
  });

  it('an administrator of a tenant makes keys of that tenant, and never one with an operator’s scope', async () => {
    const admin = await api.makeTenant('own-keys', ['tenant:admin']);
    const made = await call(admin, 'POST', '/v1/tenant/api-keys', { name: 'server', scopes: ['rooms:read'] });
    expect(made.body).toMatchObject({ tenantId: 'own-keys' });
    expect((await call(made.body.secret, 'GET', '/v1/rooms')).status).toBe(200);
    expect((await call(admin, 'POST', '/v1/tenant/api-keys', { name: 'x', scopes: ['ops:read'] })).body).toMatchObject({ status: 403, code: 'auth.forbidden' });
    expect((await call(admin, 'POST', '/v1/tenant/api-keys', { name: 'x', scopes: ['rooms:read'], tenantId: 'default' })).body).toMatchObject({ status: 400 });
    const both = (await api.ops('POST', '/v1/ops/api-keys', { tenantId: 'own-keys', name: 'both', scopes: ['tenant:admin', 'ops:read'] })).body.secret;
    expect((await call(both, 'POST', '/v1/tenant/api-keys', { name: 'x', scopes: ['ops:read'] })).status).toBe(403);
  });
});

describe('listing and revoking', () => {
  it('a tenant sees its own keys, and another’s is as absent as one that never was', async () => {
    const [ours, theirs] = [await api.makeTenant('ours'), await api.makeTenant('theirs')];
    const list = (key: string) => call(key, 'GET', '/v1/tenant/api-keys').then(({ body }) => body.items as { id: string; tenantId: string }[]);
    expect((await list(ours)).map(({ tenantId }) => tenantId)).toEqual(['ours']);
    const [foreign] = await list(theirs);
    const answers = [await call(ours, 'DELETE', `/v1/tenant/api-keys/${foreign?.id}`), await call(ours, 'DELETE', '/v1/tenant/api-keys/key_01m7y9aw13em19yx0t58347asf'), await call(ours, 'DELETE', '/v1/tenant/api-keys/x')];
    const bodies = answers.map(({ text, headers }) => text.replace(headers.get('x-request-id') ?? '', ''));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(new Set(bodies).size).toBe(1);
    expect(await list(theirs)).toHaveLength(1);
  });

  it('pages newest first, and refuses a cursor that was changed or is another list’s', async () => {
    const admin = await api.makeTenant('paged', ['tenant:admin']);
    for (const name of ['a', 'b', 'c']) await call(admin, 'POST', '/v1/tenant/api-keys', { name, scopes: ['rooms:read'] });
    const first = (await call(admin, 'GET', '/v1/tenant/api-keys?limit=2')).body;
    const second = (await call(admin, 'GET', `/v1/tenant/api-keys?limit=2&cursor=${first.nextCursor}`)).body;
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['c', 'b', 'a', 'key']);
    expect(second.nextCursor).toBeNull();
    const { body: audit } = await call(admin, 'GET', '/v1/tenant/audit?limit=1');
    const flip = (at: number): string => `${first.nextCursor.slice(0, at)}${first.nextCursor[at] === 'A' ? 'B' : 'A'}${first.nextCursor.slice(at + 1)}`;
    for (const cursor of [flip(0), flip(12), flip(first.nextCursor.length - 3), first.nextCursor.slice(1), '', 'x', audit.nextCursor, Buffer.from('["key_z"]').toString('base64url')]) {
      const answer = await call(admin, 'GET', `/v1/tenant/api-keys?cursor=${encodeURIComponent(cursor)}`);
      expect(answer.body, cursor).toMatchObject({ status: 400, errors: [{ path: 'cursor' }] });
    }
  });

  it.each([['with Redis', true], ['without Redis', false]])('a revoked key is refused by another replica within a second, %s', async (_name, withRedis) => {
    const other = await startTestProduct({ databaseUrl: api.database.url, redisUrl: withRedis ? inject('redisUrl') : null, keys: { opsKey: api.product.opsKey, tenantKey: api.product.tenantKey } });
    try {
      const { body: made } = await api.ops('POST', '/v1/ops/api-keys', { tenantId: 'default', name: 'short', scopes: ['rooms:read'] });
      const tried = (): Promise<number> => other.api.call('GET', '/v1/rooms', { key: made.secret }).then(({ status }) => status);
      expect(await tried()).toBe(200);
      expect((await api.ops('DELETE', `/v1/ops/api-keys/${made.id}`)).status).toBe(204);
      await eventually(async () => expect(await tried()).toBe(401), { timeoutMs: 1_000, everyMs: 20 });
      expect((await api.ops('DELETE', `/v1/ops/api-keys/${made.id}`)).body).toMatchObject({ status: 404, code: 'api-key.not-found' });
    } finally {
      await other.stop();
    }
  });

  it('a key that is in use all the time is revoked while reads of it are under way', async () => {
    const { body: made } = await api.ops('POST', '/v1/ops/api-keys', { tenantId: 'default', name: 'busy', scopes: ['rooms:read'] });
    let revoked = false;
    const callers = Array.from({ length: 8 }, async () => {
      while (!revoked) await call(made.secret, 'GET', '/v1/rooms?limit=1');
    });
    await api.ops('DELETE', `/v1/ops/api-keys/${made.id}`);
    revoked = true;
    await Promise.all(callers);
    await eventually(async () => expect((await call(made.secret, 'GET', '/v1/rooms')).status).toBe(401), { timeoutMs: 1_000 });
  });
});

describe('a key', () => {
  it('is refused from the moment of its expiry', async () => {
    const expiresAt = new Date(Date.now() + 700).toISOString();
    const { body: made } = await api.ops('POST', '/v1/ops/api-keys', { tenantId: 'default', name: 'brief', scopes: ['rooms:read'], expiresAt });
    expect((await call(made.secret, 'GET', '/v1/rooms')).status).toBe(200);
    await eventually(async () => expect((await call(made.secret, 'GET', '/v1/rooms')).body).toMatchObject({ status: 401, code: 'auth.invalid' }), { timeoutMs: 2_000 });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  });

  it('says when it was last used, at the latest when the process that served it ends', async () => {
    const { body: made } = await api.ops('POST', '/v1/ops/api-keys', { tenantId: 'default', name: 'seen', scopes: ['rooms:read'] });
    const other = await startTestProduct({ databaseUrl: api.database.url, keys: { opsKey: api.product.opsKey, tenantKey: api.product.tenantKey } });
    await other.api.call('GET', '/v1/rooms', { key: made.secret });
    await other.stop();
    const listed = (await api.ops('GET', '/v1/ops/api-keys?limit=200')).body.items.find(({ id }: { id: string }) => id === made.id);
    expect(Date.parse(listed.lastUsedAt)).toBeGreaterThan(Date.parse(made.createdAt) - 1);
  });
});
