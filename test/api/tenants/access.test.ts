import { describe, expect, it } from 'vitest';
import { listRoutes } from '../../../tools/docs/openapi-document.ts';
import { useTenantsApi } from './tenants-api.ts';

const api = useTenantsApi();
const SCOPED = listRoutes().filter(({ access }) => access.kind === 'scopes').map(({ method, path, access }) => ({ method: method.toUpperCase(), path: path.replaceAll(/\{\w+\}/g, 'x'), anyOf: access.kind === 'scopes' ? access.anyOf : [] }));
const isOperators = ({ anyOf }: { anyOf: readonly string[] }): boolean => anyOf.every((scope) => scope.startsWith('ops:'));

describe('who may call what', () => {
  it('there are routes for operators and for tenants', () => {
    expect(SCOPED.filter(isOperators).length).toBeGreaterThan(10);
    expect(SCOPED.filter((route) => !isOperators(route)).length).toBeGreaterThan(5);
  });

  it.each(SCOPED)('$method $path needs a credential, and one with $anyOf', async ({ method, path, anyOf }) => {
    const none = await api.product.api.call(method, path, { key: null });
    expect(none.body).toMatchObject({ status: 401, code: 'auth.required' });
    expect(none.headers.get('www-authenticate')).toBe('Bearer');
    const other = anyOf.includes('events:read') ? 'webhooks:write' : 'events:read';
    const weak = await api.makeTenant('weak', [other]);
    expect((await api.product.api.call(method, path, { key: weak })).body).toMatchObject({ status: 403, code: 'auth.forbidden' });
  });

  it.each(SCOPED.filter(isOperators))('no key of a tenant reaches the operators’ $method $path', async ({ method, path }) => {
    expect((await api.product.api.call(method, path)).body).toMatchObject({ status: 403, code: 'auth.forbidden' });
  });

  it.each(SCOPED.filter((route) => !route.anyOf.some((scope) => scope.startsWith('ops:'))))('an operator’s key reaches no tenant’s $method $path', async ({ method, path }) => {
    expect((await api.product.api.call(method, path, { key: api.product.opsKey })).body).toMatchObject({ status: 403, code: 'auth.forbidden' });
  });

  it.each([
    ['an unknown key', `Bearer mk_01m7y9aw13em19yx0t58347asf_${'0'.repeat(64)}`],
    ['something else', 'Bearer hello'],
    ['no token', 'Bearer'],
    ['an empty header', ''],
    ['another scheme', 'Basic bWs6eA=='],
    ['a token of 5,000 characters', `Bearer ${'a'.repeat(5_000)}`],
  ])('%s is 401 everywhere, never taken for a guest', async (_name, authorization) => {
    for (const [method, path] of [['GET', '/v1/rooms'], ['GET', '/v1/regions'], ['POST', '/v1/rooms/x/join'], ['POST', '/v1/livekit/token']] as const) {
      const answer = await api.product.api.call(method, path, { key: null, headers: { authorization } });
      expect(answer.body, path).toMatchObject({ status: 401, code: 'auth.invalid' });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    }
  });

  it('a changed letter in a key is refused, wherever it stands', async () => {
    const key = api.product.tenantKey;
    for (let at = 3; at < key.length; at += 7) {
      const changed = `${key.slice(0, at)}${key[at] === '0' ? '1' : '0'}${key.slice(at + 1)}`;
      expect((await api.product.api.call('GET', '/v1/rooms', { key: changed })).status, changed).toBe(401);
    }
  });
});
