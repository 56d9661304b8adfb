import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assertStorableText, isWithinDepth, parseJson } from '../../../../src/platform/http/json-body.ts';

const failsWith = (code: string): Error => expect.objectContaining({ code }) as Error;

describe('a body of JSON', () => {
  test('is read as JSON.parse reads it, whatever it holds', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => {
      const text = JSON.stringify(value);
      expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text));
    }));
  });

  test('never fails but by a problem, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      try {
        parseJson(Buffer.from(bytes));
      } catch (error) {
        expect(['request.malformed', 'request.invalid']).toContain((error as { code: string }).code);
      }
    }));
  });

  test.each([['nothing', '', undefined], ['null', 'null', null], ['a text', '"a"', 'a'], ['brackets in a text', `"${'['.repeat(200)}"`, '['.repeat(200)], ['a quote in a text', `{"a\\"${'['.repeat(100)}":1}`, { [`a"${'['.repeat(100)}`]: 1 }]])('may be %s', (_name, text, value) => {
    expect(parseJson(Buffer.from(text))).toEqual(value);
  });

  test('is refused beyond 64 levels, before it is parsed', () => {
    const nested = (levels: number): Buffer => Buffer.from(`${'['.repeat(levels)}${']'.repeat(levels)}`);
    expect(() => parseJson(nested(64))).not.toThrow();
    expect(() => parseJson(nested(65))).toThrow(failsWith('request.invalid'));
    expect(() => parseJson(nested(100_000))).toThrow(failsWith('request.invalid'));
  });
});

describe('levels', () => {
  test.each([[1, 0, true], [{}, 0, false], [{}, 1, true], [[{}], 1, false], [{ a: [1, { b: null }] }, 3, true], [{ a: [1, { b: [] }] }, 3, false]])('%j within %i: %s', (value, levels, within) => {
    expect(isWithinDepth(value, levels)).toBe(within);
  });
});

describe('text that Postgres cannot keep', () => {
  test.each([
    ['a NUL', { a: { b: ['x', 'y\0'] } }, 'a.b.1'],
    ['half a character', { a: '\ud83d' }, 'a'],
    ['a NUL in a name', { a: { 'b\0': 1 } }, 'a'],
    ['a NUL alone', '\0', 'body'],
  ])('%s is refused by its place', (_name, value, path) => {
    expect(() => assertStorableText(value, 'body')).toThrow(expect.objectContaining({ code: 'request.invalid', errors: [{ path, message: expect.any(String) }] }) as Error);
  });

  test('nothing else is', () => {
    expect(() => assertStorableText({ a: ['é', '😀', '\u0001'], b: null, c: 1 }, 'body')).not.toThrow();
  });
});
