import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EdgeProduct, readRaw, startEdgeProduct } from './edge-product.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const PROBLEM = 'application/problem+json; charset=utf-8';
let edge: EdgeProduct;

beforeAll(async () => {
  edge = await startEdgeProduct();
});
afterAll(() => edge.close());

const { stringify } = JSON;
/** `{"a":{"a":…}}`, so many objects deep. */
const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

/** Sends a body as it is to a route that takes one. */
function post(body: string | Uint8Array | undefined, headers: Record<string, string> = { 'content-type': 'application/json' }, path = '/v1/rooms'): Promise<Response> {
  const { url, tenantKey } = edge.product;
  return fetch(`${url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${tenantKey}`, ...headers }, ...(body === undefined ? {} : { body }) });
}

describe('a problem', () => {
  it('is RFC 9457 with our members, a request id and the address of its page, never built from Host (S0-14)', async () => {
    const id = '0192f0c1-7e2a-7c3b-8a5d-5a1f3f0c9e11';
    const raw = await edge.sendRaw(`GET /v1/rooms/none HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nAuthorization: Bearer ${edge.product.tenantKey}\r\nX-Request-Id: ${id}\r\nConnection: close\r\n\r\n`);
    const { status, headers, body } = readRaw(raw);
    expect(status).toBe(404);
    expect(headers.get('content-type')).toBe(PROBLEM);
    expect(headers.get('x-request-id')).toBe(id);
    expect(JSON.parse(body)).toEqual({
      type: `${edge.product.url}/docs/errors/room.not-found`,
      title: 'There is no such room',
      status: 404,
      detail: expect.any(String),
      instance: `urn:request:${id}`,
      code: 'room.not-found',
    });
    expect(raw).not.toContain('evil.example');
  });

  it.each(['', 'abc', 'not-a-uuid', '0192f0c1-7e2a-7c3b-8a5d-5a1f3f0c9e1', '{0192f0c1-7e2a-7c3b-8a5d-5a1f3f0c9e11}'])('replaces the request id %j, which is no UUID', async (given) => {
    const { headers } = await edge.product.api.call('GET', '/healthz', { headers: { 'x-request-id': given } });
    expect(headers.get('x-request-id')).toMatch(UUID);
    expect(headers.get('x-request-id')).not.toBe(given);
  });
});

describe('what cannot be read', () => {
  const cases: readonly (readonly [string, () => Promise<Response>, number, string])[] = [
    ['broken JSON', () => post('{"name":'), 400, 'request.malformed'],
    ['text after the JSON', () => post('{} {}'), 400, 'request.malformed'],
    ['a byte order mark', () => post('\ufeff{}'), 400, 'request.malformed'],
    ['bytes that are no UTF-8', () => post(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 400, 'request.malformed'],
    ['half a character', () => post('{"name":"\\ud800"}'), 400, 'request.invalid'],
    ['a NUL', () => post('{"name":"a\\u0000b"}'), 400, 'request.invalid'],
    ['a NUL in a name of metadata', () => post('{"metadata":{"a\\u0000":1}}'), 400, 'request.invalid'],
    ['null for an object', () => post('null'), 400, 'request.invalid'],
    ['a list for an object', () => post('[]'), 400, 'request.invalid'],
    ['a number', () => post('7'), 400, 'request.invalid'],
    ['an unknown field', () => post('{"colour":"red"}'), 400, 'request.invalid'],
    ['a field called __proto__', () => post('{"__proto__":{"admin":true}}'), 400, 'request.invalid'],
    ['a field called constructor', () => post('{"constructor":{}}'), 400, 'request.invalid'],
    ['metadata of 33 levels', () => post(`{"metadata":${nested(33)}}`), 400, 'request.invalid'],
    ['a body of a hundred thousand levels', () => post(`{"metadata":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 400, 'request.invalid'],
    ['a body without a content type', () => post(new Uint8Array([0x7b, 0x7d]), {}), 415, 'request.unsupported-media-type'],
    ['a form', () => post('name=a', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'request.unsupported-media-type'],
    ['text/json', () => post('{}', { 'content-type': 'text/json' }), 415, 'request.unsupported-media-type'],
    ['another charset', () => post('{}', { 'content-type': 'application/json; charset=utf-16' }), 415, 'request.unsupported-media-type'],
    ['a content encoding', () => post('{}', { 'content-type': 'application/json', 'content-encoding': 'gzip' }), 415, 'request.unsupported-media-type'],
    ['a body of 256 KiB and a byte', () => post(`{"name":"${'a'.repeat(256 * 1024 - 10)}"}`), 413, 'request.too-large'],
    ['a body for a call that takes none', () => post('{"force":true}', undefined, '/v1/rooms/none/end'), 400, 'request.invalid'],
    ['an unknown query parameter', () => post('{}', undefined, '/v1/rooms?dryRun=1'), 400, 'request.invalid'],
    ['a query parameter called __proto__', () => post('{}', undefined, '/v1/rooms?__proto__=1'), 400, 'request.invalid'],
  ];

  it.each(cases)('%s is a problem that says so', async (_name, send, status, code) => {
    const response = await send();
    const body = (await response.json()) as Record<string, unknown>;
    expect({ status: response.status, code: body['code'] }).toEqual({ status, code });
    expect(response.headers.get('content-type')).toBe(PROBLEM);
    expect(response.headers.get('x-request-id')).toMatch(UUID);
  });

  it('every unknown field is named', async () => {
    const body = (await (await post('{"colour":"red","size":1,"region":{"mode":"auto","x":1}}')).json()) as { errors: { path: string }[] };
    expect(body.errors.map(({ path }) => path).sort()).toEqual(['colour', 'region.x', 'size']);
  });

  it.each([
    ['the same field twice: the last one counts', '{"name":"first","name":"last"}'],
    ['a charset of UTF-8, in any spelling', '{"name":"last"}'],
  ])('%s', async (_name, body) => {
    const response = await post(body, { 'content-type': 'application/json; Charset="utf-8"' });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ name: 'last' });
  });

  it('metadata of 32 levels is kept', async () => {
    expect((await post(`{"metadata":${nested(32)}}`)).status).toBe(201);
  });

  it.each([['no body at all', undefined, {}], ['an empty body', '', { 'content-type': 'application/json' }]])('%s is an empty message', async (_name, body, headers) => {
    expect((await post(body, headers)).status).toBe(201);
  });

  it.each(['/v1/rooms/%ff', '/v1/rooms/%', '/v1/rooms/a%00b', '/v1/rooms/%c3%28/join'])('a path that decodes to no text (%s) is malformed', async (path) => {
    const method = path.endsWith('/join') ? 'POST' : 'GET';
    const raw = readRaw(await edge.sendRaw(`${method} ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${edge.product.tenantKey}\r\nConnection: close\r\n\r\n`));
    expect(raw.status).toBe(400);
    expect(JSON.parse(raw.body)).toMatchObject({ code: 'request.malformed' });
  });

  it.each(['/v1/rooms?cursor=%00', '/v1/rooms?limit=0', '/v1/rooms?limit=201', '/v1/rooms?limit=1.5', '/v1/rooms?limit=', '/v1/rooms?limit=1&limit=2', '/v1/rooms?page=2', '/v1/tenant?verbose=1'])('%s is a 400 that names the parameter', async (path) => {
    const answer = await edge.product.api.call('GET', path);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid', errors: [{ path: /(\w+)=/.exec(path)?.[1] }] });
  });
});

describe('bytes that are no request', () => {
  const cases: readonly (readonly [string, string, number, string])[] = [
    ['no HTTP at all', 'HELLO\r\n\r\n', 400, 'request.malformed'],
    ['a head of 20 KiB', `GET /healthz HTTP/1.1\r\nHost: a\r\nX-Big: ${'a'.repeat(20_000)}\r\n\r\n`, 413, 'request.too-large'],
    ['no Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'request.malformed'],
    ['two lengths', 'POST /v1/rooms HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}', 400, 'request.malformed'],
    ['a length and chunks', 'POST /v1/rooms HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}', 400, 'request.malformed'],
    ['a NUL in a header', 'GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: a\0b\r\n\r\n', 400, 'request.malformed'],
  ];

  it.each(cases)('%s gets a problem with a request id', async (_name, bytes, status, code) => {
    const answer = readRaw(await edge.sendRaw(bytes));
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe(PROBLEM);
    expect(answer.headers.get('x-request-id')).toMatch(UUID);
    expect(JSON.parse(answer.body)).toMatchObject({ code, status, instance: `urn:request:${answer.headers.get('x-request-id')}` });
  });

  it('an expectation that nobody knows is ignored', async () => {
    expect(readRaw(await edge.sendRaw('GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nConnection: close\r\n\r\n')).status).toBe(200);
  });

  it('an absolute target, as a proxy sends it, means its path', async () => {
    expect(readRaw(await edge.sendRaw('GET http://other.example/healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).status).toBe(200);
  });
});

describe('paths and methods', () => {
  it.each(['/', '/v1', '/v1/nothing', '/v1/rooms/a/b/c/d', '/v1//rooms', '/V1/rooms', '/v1/ops/regions/eu-fra/drains', '/internal/agents/join', '/v1/ops/overview', '/v1/rooms/%2e%2e/x/y', '/docs/errors/none', '/docs/none.js', '/docs/errors/..%2f..%2fpackage'])('%s is route.not-found', async (path) => {
    const answer = await edge.product.api.call('GET', path);
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'route.not-found' });
  });

  it.each([
    ['DELETE', '/v1/rooms', 'GET, POST, HEAD'],
    ['POST', '/v1/rooms/abc', 'GET, PATCH, DELETE, HEAD'],
    ['OPTIONS', '/v1/rooms', 'GET, POST, HEAD'],
    ['POST', '/v1/ops/regions/eu-fra', 'GET, PUT, PATCH, DELETE, HEAD'],
    ['GET', '/v1/rooms/abc/join', 'POST, OPTIONS'],
    ['PUT', '/v1/regions', 'GET, HEAD, OPTIONS'],
    ['POST', '/openapi.json', 'GET, HEAD'],
    ['POST', '/docs/', 'GET, HEAD'],
    ['DELETE', '/healthz', 'GET, HEAD'],
  ])('%s %s is 405 and names what the path takes', async (method, path, allow) => {
    const answer = await edge.product.api.call(method, path);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
    expect(answer.body).toMatchObject({ code: 'route.method-not-allowed' });
  });

  it('HEAD answers like GET, without the body', async () => {
    const head = await edge.product.api.call('HEAD', '/version', { key: null });
    const get = await edge.product.api.call('GET', '/version', { key: null });
    expect(head.status).toBe(200);
    expect(head.text).toBe('');
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
  });

  it('a trailing slash means the same path', async () => {
    expect((await edge.product.api.call('GET', '/v1/rooms/')).status).toBe(200);
  });
});

it('nothing of all this was an internal error', () => {
  expect(edge.product.logLines.filter((line) => stringify(line).includes('request failed'))).toEqual([]);
});
