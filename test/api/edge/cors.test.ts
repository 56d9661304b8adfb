import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EdgeProduct, startEdgeProduct } from './edge-product.ts';

const APP = 'https://app.example';
const EXPOSED = 'X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, ETag, Location';
let edge: EdgeProduct;
let any: EdgeProduct;

beforeAll(async () => {
  [edge, any] = await Promise.all([startEdgeProduct({ MERIDIAN_CORS_ORIGINS: `${APP}, https://other.example` }), startEdgeProduct({ MERIDIAN_CORS_ORIGINS: '*' })]);
});
afterAll(() => Promise.all([edge.close(), any.close()]));

const json = { 'content-type': 'application/json' };
/** One answer of each kind that a route for browsers can give. */
const ANSWERS: readonly (readonly [number, string, string, RequestInit])[] = [
  [200, 'GET', '/v1/regions', {}],
  [400, 'POST', '/v1/rooms/x/join', { body: '{', headers: json }],
  [400, 'POST', '/v1/rooms/%ff/join', {}],
  [400, 'GET', '/v1/regions?x=1', {}],
  [401, 'POST', '/v1/livekit/token', { headers: { authorization: 'Bearer wrong' } }],
  [404, 'POST', '/v1/rooms/none/join', { body: '{"displayName":"Ada"}', headers: json }],
  [405, 'GET', '/v1/livekit/token', {}],
  [413, 'POST', '/v1/rooms/x/join', { body: `"${'a'.repeat(300_000)}"`, headers: json }],
  [415, 'POST', '/v1/rooms/x/join', { body: 'a=b', headers: { 'content-type': 'text/plain' } }],
  [503, 'GET', '/v1/regions/nearest', {}],
];

const send = (target: EdgeProduct, method: string, path: string, init: RequestInit, origin: string): Promise<Response> =>
  fetch(`${target.product.url}${path}`, { ...init, method, headers: { ...(init.headers as Record<string, string>), origin } });

describe('a route that browsers of other origins call', () => {
  it.each(ANSWERS)('a %i carries the headers (%s %s), and never allows credentials', async (status, method, path, init) => {
    const answer = await send(edge, method, path, init, APP);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe(APP);
    expect(answer.headers.get('access-control-expose-headers')).toBe(EXPOSED);
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(answer.headers.get('vary')).toContain('Origin');
  });

  it.each(ANSWERS)('a %i gives an origin that is not configured nothing (%s %s)', async (status, method, path, init) => {
    const answer = await send(edge, method, path, init, 'https://evil.example');
    expect(answer.status).toBe(status);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  it('with `*` any origin is any, also in an error', async () => {
    for (const [, method, path, init] of ANSWERS) {
      expect((await send(any, method, path, init, 'https://anybody.example')).headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  it.each(['/v1/rooms/x/join', '/v1/rooms/%ff/join', '/v1/livekit/token', '/v1/regions', '/v1/regions/nearest'])('OPTIONS %s is answered without a credential', async (path) => {
    const answer = await send(edge, 'OPTIONS', path, { headers: { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' } }, APP);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(APP);
    expect(answer.headers.get('access-control-allow-headers')).toBe('Authorization, Content-Type, Idempotency-Key, Last-Event-ID');
    expect(answer.headers.get('access-control-allow-methods')).toContain(path.startsWith('/v1/regions') ? 'GET' : 'POST');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('a preflight from elsewhere allows nothing', async () => {
    const answer = await send(edge, 'OPTIONS', '/v1/livekit/token', {}, 'https://evil.example');
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });
});

describe('every other route', () => {
  it.each(['/v1/rooms', '/v1/tenant', '/v1/ops/regions', '/readyz', '/openapi.json', '/v1/nothing'])('%s carries no CORS header', async (path) => {
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await send(any, method, path, {}, APP);
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});
