import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { ROOM_SLUG } from '../../../src/kernel/ids.ts';
import { SLUG_BYTES, slugFrom } from '../../../src/rooms/room-slug.ts';

test('a slug is three words that can be said and typed, and a DNS label', () => {
  for (let tries = 0; tries < 200; tries += 1) {
    const slug = slugFrom(randomBytes(SLUG_BYTES));
    expect(slug).toMatch(ROOM_SLUG);
    expect(slug).toMatch(/^(?:(?:[bdfghjkmnprstvwz][aeiu]){3}-?){3}$/);
    expect(slug).toHaveLength(20);
  }
});

test('six bits of each byte tell: 64 bytes give 64 different syllables', () => {
  const slugs = new Set(Array.from({ length: 64 }, (_, byte) => slugFrom(new Uint8Array(SLUG_BYTES).fill(byte))));
  expect(slugs.size).toBe(64);
});
