import { describe, expect, test } from 'vitest';
import { ANYONE, type Method, type Route, defineRoute } from '../../../../src/platform/http/route.ts';
import { createRouteTable } from '../../../../src/platform/http/route-table.ts';

const route = (method: Method, path: string, cors = false): Route =>
  defineRoute({ method, path, cors, operationId: `${method} ${path}`, summary: '', tag: '', access: ANYONE, responses: {}, handler: () => ({ status: 200 }) });

describe('a route table', () => {
  const table = createRouteTable([
    route('get', '/v1/rooms'),
    route('post', '/v1/rooms'),
    route('get', '/v1/rooms/{room}'),
    route('get', '/v1/rooms/{room}/bans/{banId}'),
    route('delete', '/v1/rooms/{id}'),
    route('post', '/v1/rooms/{room}/join', true),
    route('get', '/v1/regions/nearest'),
    route('get', '/v1/regions/{id}'),
    route('get', '/v1/regions/{id}/health'),
  ]);
  const found = (path: string, method = 'GET'): string | undefined => table.find(path)?.place.routes.get(method)?.route.operationId;

  test.each([
    ['/v1/rooms', 'GET', 'get /v1/rooms'],
    ['/v1/rooms/', 'POST', 'post /v1/rooms'],
    ['/v1/rooms/abc', 'GET', 'get /v1/rooms/{room}'],
    ['/v1/rooms/abc', 'DELETE', 'delete /v1/rooms/{id}'],
    ['/v1/rooms/abc/join', 'POST', 'post /v1/rooms/{room}/join'],
    ['/v1/regions/nearest', 'GET', 'get /v1/regions/nearest'],
    ['/v1/regions/nearest/health', 'GET', 'get /v1/regions/{id}/health'],
    ['/v1/regions/eu', 'HEAD', 'get /v1/regions/{id}'],
  ])('finds %s by %s', (path, method, operation) => {
    expect(found(path, method)).toBe(operation);
  });

  test.each(['', '/', '/v1', '/v1/rooms//', '/v1/rooms//join', '/v1/Rooms', '/v1/rooms/a/b', '/v1/rooms/a/bans', '/v1/rooms/a/bans/b/c', 'v1/rooms', '/v1/__proto__'])('finds nothing at %j', (path) => {
    expect(table.find(path)).toBeUndefined();
  });

  test('gives each route its own names for what stands at the parameters, as it was sent', () => {
    const place = table.find('/v1/rooms/a%20b/bans/7');
    expect(place?.values).toEqual(['a%20b', '7']);
    expect(place?.place.routes.get('GET')?.parameters).toEqual(['room', 'banId']);
    expect(table.find('/v1/rooms/a')?.place.routes.get('DELETE')?.parameters).toEqual(['id']);
  });

  test('knows what a path takes, over all routes of its shape', () => {
    expect(table.find('/v1/rooms')?.place).toMatchObject({ allow: 'GET, POST, HEAD', cors: false });
    expect(table.find('/v1/rooms/a')?.place).toMatchObject({ allow: 'GET, DELETE, HEAD', cors: false });
    expect(table.find('/v1/rooms/a/join')?.place).toMatchObject({ allow: 'POST, OPTIONS', cors: true });
  });

  test('refuses two routes of one method and shape', () => {
    expect(() => createRouteTable([route('get', '/a/{x}'), route('get', '/a/{y}')])).toThrow('is there already');
  });
});
