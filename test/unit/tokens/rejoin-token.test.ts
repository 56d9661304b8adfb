import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Secret } from '../../../src/kernel/secret.ts';
import { createRejoinTokens } from '../../../src/tokens/rejoin-token.ts';

const key = (id: string): { id: string; key: Secret } => ({ id, key: new Secret(randomBytes(32).toString('base64')) });
const DAY_MS = 24 * 3_600_000;

test('a guest keeps the identity by the token, on any replica, for a day, in that room only', () => {
  let nowMs = 1_000_000;
  const masterKeys = [key('k1')];
  const tokens = createRejoinTokens({ masterKeys, nowMs: () => nowMs });
  const other = createRejoinTokens({ masterKeys, nowMs: () => nowMs });
  const token = tokens.issue({ identity: 'g:abc', roomId: 'room_1' });
  expect(other.read(token, 'room_1')).toBe('g:abc');
  expect(other.read(token, 'room_2')).toBeUndefined();
  nowMs += DAY_MS - 1_000;
  expect(other.read(token, 'room_1')).toBe('g:abc');
  nowMs += 1_000;
  expect(other.read(token, 'room_1')).toBeUndefined();
});

test('it survives the rotation of the master key, and nothing that was changed in it is believed', () => {
  const [older, newer] = [key('k1'), key('k2')];
  const nowMs = (): number => 1_000_000;
  const token = createRejoinTokens({ masterKeys: [older], nowMs }).issue({ identity: 'g:abc', roomId: 'r' });
  expect(createRejoinTokens({ masterKeys: [newer, older], nowMs }).read(token, 'r')).toBe('g:abc');
  const tokens = createRejoinTokens({ masterKeys: [newer], nowMs });
  const forged = `${Buffer.from('9999999999.g:abc').toString('base64url')}.${token.split('.')[1]}`;
  for (const text of [token, forged, '', '.', 'x.y', `${token}.z`, '💥']) expect(tokens.read(text, 'r'), text).toBeUndefined();
});
