import { describe, expect, it } from 'vitest';
import { createRecentPlacements, RECENT_WINDOW_MS } from '../../../src/placements/recent-placements.ts';

describe('S1-01 placements that the load cannot show yet', () => {
  it('count for the window and no longer', () => {
    let now = 0;
    const recent = createRecentPlacements({ monotonicMs: () => now });
    recent.note('a');
    recent.note('b');
    now = RECENT_WINDOW_MS - 1;
    recent.note('a');
    expect(Object.fromEntries(recent.counts())).toEqual({ a: 2, b: 1 });
    now = RECENT_WINDOW_MS;
    expect(Object.fromEntries(recent.counts())).toEqual({ a: 1 });
    now = 10 * RECENT_WINDOW_MS;
    expect(recent.counts().size).toBe(0);
  });

  it('stay right over many windows', () => {
    let now = 0;
    const recent = createRecentPlacements({ monotonicMs: () => now });
    for (let step = 0; step < 10_000; step += 1) {
      now += 100;
      recent.note('a');
    }
    expect(recent.counts().get('a')).toBe(RECENT_WINDOW_MS / 100);
  });
});
