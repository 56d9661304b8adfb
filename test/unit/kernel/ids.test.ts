import { expect, test } from 'vitest';
import { isId, makeId } from '../../../src/kernel/ids.ts';

test('ids sort by the time they were made, and are told apart by kind', () => {
  const made = Array.from({ length: 100 }, (_, index) => makeId('room', 1_700_000_000_000 + index * 1_000));
  expect([...made].sort()).toEqual(made);
  expect(made.every((id) => isId('room', id) && !isId('session', id))).toBe(true);
});

test('the body is a UUIDv7 in base32: version and variant are in their places', () => {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  const body = makeId('room', 0x0123456789ab).slice('room_'.length);
  const bits = body.split('').map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('').slice(2);
  expect(BigInt(`0b${bits.slice(0, 48)}`)).toBe(0x0123456789abn);
  expect(bits.slice(48, 52)).toBe('0111');
  expect(bits.slice(64, 66)).toBe('10');
});

test('a hundred thousand ids of one millisecond are a hundred thousand', () => {
  expect(new Set(Array.from({ length: 100_000 }, () => makeId('grant', 1))).size).toBe(100_000);
});

test.each(['', 'room_', 'room_1', 'ses_01hzzzzzzzzzzzzzzzzzzzzzzz', 'room_81hzzzzzzzzzzzzzzzzzzzzzzz', 'room_01hzzzzzzzzzzzzzzzzzzzzzzu'])('%j is no id of a room', (text) => {
  expect(isId('room', text)).toBe(false);
});
