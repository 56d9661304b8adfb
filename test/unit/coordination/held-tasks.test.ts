import { expect, test, vi } from 'vitest';
import { type HeldTasks, createHeldTasks } from '../../../src/coordination/held-tasks.ts';

const TTL_MS = 9_000;

function setUp(): { held: HeldTasks; world: { nowMs: number } } {
  const world = { nowMs: 0 };
  return { world, held: createHeldTasks({ monotonicMs: () => world.nowMs, ttlMs: TTL_MS }) };
}

test('a leadership lasts from before it was asked for, not from when the answer came', () => {
  const { held, world } = setUp();
  world.nowMs = 4_000;
  const mine = held.keep({ task: 'a', term: 1n }, 0);
  world.nowMs = TTL_MS - 1;
  expect(held.find('a')).toBe(mine);
  world.nowMs = TTL_MS;
  expect(held.find('a')).toBeUndefined();
  expect(mine.signal.aborted).toBe(true);
  expect(held.tasks()).toEqual([]);
});

test('an answer that came after its own deadline gives nothing', () => {
  const { held, world } = setUp();
  world.nowMs = TTL_MS + 1;
  held.keep({ task: 'a', term: 1n }, 0);
  expect(held.find('a')).toBeUndefined();
});

test('its signal aborts by itself when no renewal came', () => {
  vi.useFakeTimers();
  try {
    const { held } = setUp();
    const mine = held.keep({ task: 'a', term: 1n }, 0);
    vi.advanceTimersByTime(TTL_MS - 1);
    expect(mine.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(mine.signal.aborted).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test('a renewal goes on with the same leadership; a refused one ends it; what nobody asked for stays', () => {
  const { held, world } = setUp();
  const [a, b, c] = ['a', 'b', 'c'].map((task) => held.keep({ task, term: 1n }, 0));
  world.nowMs = 3_000;
  held.renew(['a', 'b'], [{ task: 'a', term: 1n }], 3_000);
  expect(held.find('a')).toBe(a);
  expect(b?.signal.aborted).toBe(true);
  expect(held.find('c')).toBe(c);
  world.nowMs = TTL_MS + 1;
  expect(held.find('a')).toBe(a);
  expect(held.find('c')).toBeUndefined();
});

test('another term is another leadership: work of the one before is told to stop', () => {
  const { held } = setUp();
  const before = held.keep({ task: 'a', term: 1n }, 0);
  const after = held.keep({ task: 'a', term: 3n }, 0);
  expect(before.signal.aborted).toBe(true);
  expect(after).toMatchObject({ term: 3n, signal: { aborted: false } });
});

test('what was handed over while a renewal was under way stays handed over', () => {
  const { held } = setUp();
  held.keep({ task: 'a', term: 1n }, 0);
  held.drop('a');
  held.renew(['a'], [{ task: 'a', term: 1n }], 0);
  expect(held.tasks()).toEqual([]);
});
