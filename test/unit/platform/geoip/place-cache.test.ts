import { describe, expect, it } from 'vitest';
import { createPlaceCache } from '../../../../src/platform/geoip/place-cache.ts';

describe('the memory of recent places', () => {
  it('keeps what is used and forgets the rest, within two generations', () => {
    const cache = createPlaceCache<number, number>(10);
    for (let key = 0; key < 100; key += 1) {
      cache.set(key, key);
      expect(cache.get(0)).toBe(0);
    }
    expect(Array.from({ length: 100 }, (_, key) => cache.get(key)).filter((value) => value !== undefined).length).toBeLessThanOrEqual(20);
    cache.clear();
    expect(cache.get(0)).toBeUndefined();
  });
});
