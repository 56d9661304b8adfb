import { expect, test } from 'vitest';
import { createConfirmedCache } from '../../../src/coordination/confirmed-cache.ts';

/** A cache over a store that counts its reads, on a clock and with polls that the test moves. */
function setUp(): {
  cache: ReturnType<typeof createConfirmedCache<string>>;
  world: { nowMs: number; lastGoodMs: number | undefined; cutOff: boolean; value: string | undefined; reads: number; away: boolean; gate: Promise<void> | undefined };
} {
  const world = { nowMs: 0, lastGoodMs: undefined as number | undefined, cutOff: false, value: 'v1' as string | undefined, reads: 0, away: false, gate: undefined as Promise<void> | undefined };
  const cache = createConfirmedCache<string>({
    freshness: { lastGoodMs: () => world.lastGoodMs, isCutOff: () => world.cutOff },
    monotonicMs: () => world.nowMs,
    maxEntries: 2,
    read: async () => {
      world.reads += 1;
      if (world.away) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      const seen = world.value;
      await world.gate;
      return seen;
    },
  });
  return { cache, world };
}

test('a value is used without a read while a poll confirmed it within the last second', async () => {
  const { cache, world } = setUp();
  expect(await cache.get('a')).toBe('v1');
  for (let second = 1; second < 60; second += 1) {
    world.nowMs = second * 1000;
    world.lastGoodMs = world.nowMs - 500;
    expect(cache.get('a')).toBe('v1');
  }
  expect(world.reads).toBe(1);
  world.nowMs += 1_000;
  await cache.get('a');
  expect(world.reads).toBe(2);
});

test('S0-10 what was invalidated is read again, even by a read that was under way', async () => {
  const { cache, world } = setUp();
  let open = (): void => {};
  world.gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const first = cache.get('a');
  world.value = 'v2';
  cache.invalidate('a');
  open();
  await first;
  expect(await cache.get('a')).toBe('v2');
});

test('a burst of cold requests reads once', async () => {
  const { cache, world } = setUp();
  await Promise.all(Array.from({ length: 100 }, async () => cache.get('a')));
  expect(world.reads).toBe(1);
});

test('cut off, a value goes on for ten minutes after it was last confirmed, and not a moment longer', async () => {
  const { cache, world } = setUp();
  await cache.get('a');
  Object.assign(world, { away: true, nowMs: 5_000 });
  expect(await cache.get('a')).toBe('v1');
  Object.assign(world, { cutOff: true, nowMs: 599_999 });
  expect(cache.get('a')).toBe('v1');
  world.nowMs = 600_000;
  await expect(cache.get('a')).rejects.toThrow('ECONNREFUSED');
});

test('cut off, what was revoked before is not used any more', async () => {
  const { cache, world } = setUp();
  await cache.get('a');
  cache.invalidate('a');
  Object.assign(world, { away: true, cutOff: true });
  await expect(async () => cache.get('a')).rejects.toMatchObject({ code: 'dependency.unavailable' });
});

test('news of a value are read at its next use, and cut off the old still does', async () => {
  const { cache, world } = setUp();
  await cache.get('a');
  world.value = 'v2';
  cache.expire('a');
  expect(await cache.get('a')).toBe('v2');
  cache.expire('a');
  Object.assign(world, { away: true, cutOff: true, value: 'v3' });
  expect(await cache.get('a')).toBe('v2');
});

test('memory is bounded', async () => {
  const { cache } = setUp();
  for (const key of ['a', 'b', 'c', 'd']) await cache.get(key);
  expect([...cache.keys()]).toEqual(['c', 'd']);
});

test('a read that runs while something unnamed changed answers its callers, and is not kept', async () => {
  const { cache, world } = setUp();
  let open = (): void => {};
  world.gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const first = cache.get('a');
  world.value = undefined;
  cache.spoilReads();
  open();
  expect(await first).toBe('v1');
  expect(await cache.get('a')).toBeUndefined();
});
