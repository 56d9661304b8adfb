import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeId } from '../../../src/kernel/ids.ts';
import { decodeCursor, decodeIdCursor, encodeCursor, toPage } from '../../../src/kernel/page.ts';

const refused = expect.objectContaining({ code: 'request.invalid', errors: [{ path: 'cursor', message: expect.any(String) }] }) as Error;

describe('a cursor', () => {
  test('brings back its position', () => {
    fc.assert(fc.property(fc.array(fc.string().filter((text) => !text.includes('\0')), { minLength: 1, maxLength: 3 }), (position) => {
      expect(decodeCursor(encodeCursor(position), position.length)).toEqual(position);
    }));
  });

  test('is refused when a letter of it was changed, added or taken away', () => {
    const cursor = encodeCursor([makeId('room')]);
    for (let at = 0; at < cursor.length; at += 1) {
      const other = cursor[at] === 'A' ? 'B' : 'A';
      expect(() => decodeCursor(`${cursor.slice(0, at)}${other}${cursor.slice(at + 1)}`, 1), `letter ${at}`).toThrow(refused);
      expect(() => decodeCursor(cursor.slice(0, at), 1)).toThrow(refused);
    }
    expect(() => decodeCursor(`${cursor}A`, 1)).toThrow(refused);
  });

  test('is refused by a list of another width or kind', () => {
    expect(() => decodeCursor(encodeCursor(['a', 'b']), 1)).toThrow(refused);
    expect(() => decodeIdCursor(encodeCursor([makeId('room')]), 'audit')).toThrow(refused);
    expect(decodeIdCursor(encodeCursor(['aud_01m7y9aw13em19yx0t58347asf']), 'audit')).toBe('aud_01m7y9aw13em19yx0t58347asf');
  });
});

test('a page is cut at its limit, and leads on only where there is more', () => {
  const positionOf = (row: string): string[] => [row];
  expect(toPage(['a', 'b', 'c'], 2, positionOf)).toEqual({ items: ['a', 'b'], nextCursor: encodeCursor(['b']) });
  expect(toPage(['a', 'b'], 2, positionOf)).toEqual({ items: ['a', 'b'], nextCursor: null });
  expect(toPage([], 2, positionOf)).toEqual({ items: [], nextCursor: null });
});
