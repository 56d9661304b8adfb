import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAppError } from '../../../src/kernel/app-error.ts';
import { keyIdentity, newGuestIdentity } from '../../../src/tokens/identity.ts';

test('what a caller names can never be another kind of identity, nor that of a recorder', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }).filter((text) => text.isWellFormed()), (text) => {
      try {
        const identity = keyIdentity(text);
        expect(identity).toMatch(/^k:[A-Za-z0-9._@%-]+$/);
        expect(identity.length).toBeLessThanOrEqual(202);
        expect(decodeURIComponent(identity.slice(2))).toBe(text);
      } catch (error) {
        expect(isAppError(error, 'request.invalid')).toBe(true);
      }
    }),
  );
});

test('nobody who is not named is ever somebody else', () => {
  const made = new Set(Array.from({ length: 10_000 }, (_, index) => (index % 2 === 0 ? newGuestIdentity() : keyIdentity(undefined))));
  expect(made.size).toBe(10_000);
});
