import { describe, expect, test } from 'vitest';
import { decodeParameters, parseQuery, targetOf } from '../../../../src/platform/http/request-path.ts';

describe('a request target', () => {
  test.each([
    ['/v1/rooms', '/v1/rooms', ''],
    ['/v1/rooms?limit=5', '/v1/rooms', 'limit=5'],
    ['/v1/rooms?a=?b', '/v1/rooms', 'a=?b'],
    ['/v1/rooms?', '/v1/rooms', ''],
    ['http://host:80/v1/rooms?x', '/v1/rooms', 'x'],
    ['http://host?x=/v1', '', 'x=/v1'],
    ['*', '*', ''],
  ])('%s is a path and a query', (url, path, query) => {
    expect(targetOf(url)).toEqual({ path, query });
  });
});

describe('path parameters', () => {
  test('are decoded, and plus stays a plus', () => {
    expect(decodeParameters(['a', 'b'], ['x%2Fy%C3%A9', '1+1'])).toEqual({ a: 'x/yé', b: '1+1' });
  });

  test.each(['%', '%2', '%zz', '%ff', '%c3%28', 'a%00b', '%ed%a0%80'])('%s is malformed', (value) => {
    expect(() => decodeParameters(['a'], [value])).toThrow(expect.objectContaining({ code: 'request.malformed' }) as Error);
  });
});

test('a query parameter that comes twice is a list, and none has the prototype’s members', () => {
  expect({ ...parseQuery('a=1&a=2&b=%20&__proto__=x') }).toEqual({ a: ['1', '2'], b: ' ', ['__proto__']: 'x' });
  expect(parseQuery('constructor')).toHaveProperty('constructor', '');
});
