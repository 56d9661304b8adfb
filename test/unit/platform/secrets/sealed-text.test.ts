import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SealError, openBytes, sealBytes, sealingKeyOf } from '../../../../src/platform/secrets/sealed-text.ts';

const key = randomBytes(32);
const seal = (plain: string, aad = 'region/eu-fra/redis.url'): string => sealBytes(Buffer.from(plain), { keyId: 'k1', key, aad });

describe('a sealed text', () => {
  it('opens to what was sealed, whatever that was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (plain, aad) => {
        const sealed = sealBytes(Buffer.from(plain), { keyId: 'k1', key, aad });
        expect(openBytes(sealed, { key, aad }).toString()).toBe(Buffer.from(plain).toString());
      }),
    );
  });

  it('names its version and its key, and is different each time', () => {
    expect(seal('x')).toMatch(/^v1\.k1\./);
    expect(sealingKeyOf(seal('x'))).toBe('k1');
    expect(seal('x')).not.toBe(seal('x'));
  });

  it('does not open under another key, or in another place', () => {
    expect(() => openBytes(seal('x'), { key: randomBytes(32), aad: 'region/eu-fra/redis.url' })).toThrow(SealError);
    expect(() => openBytes(seal('x'), { key, aad: 'region/us-iad/redis.url' })).toThrow(SealError);
  });

  it('does not open when any character of it was changed', () => {
    const sealed = seal('a secret');
    for (let at = 0; at < sealed.length; at += 1) {
      const letter = sealed[at] === 'A' ? 'Q' : 'A';
      const changed = `${sealed.slice(0, at)}${letter}${sealed.slice(at + 1)}`;
      // The last letter of base64url carries spare bits: a change there may mean the same bytes.
      let opened: string | undefined;
      try {
        opened = openBytes(changed, { key, aad: 'region/eu-fra/redis.url' }).toString();
      } catch (error) {
        expect(error).toBeInstanceOf(SealError);
      }
      if (opened !== undefined) expect(sameBytes(changed, sealed)).toBe(true);
    }
  });

  it('of an unknown version, or no sealed text at all, says so without repeating it', () => {
    for (const text of ['', 'v2.k1.a.b.c', 'v1.k1.a.b', 'a secret in the clear', 'v1..AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA']) {
      expect(() => openBytes(text, { key, aad: 'a' })).toThrow('This is not a sealed text of a version that this release knows.');
    }
  });
});

function sameBytes(a: string, b: string): boolean {
  const decode = (text: string): string => text.split('.').slice(2).map((part) => Buffer.from(part, 'base64url').toString('hex')).join('.');
  return decode(a) === decode(b) && a.split('.')[1] === b.split('.')[1];
}
