import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HealthState, type Probe, initialHealth, nextProbeInMs, observe } from '../../../src/regions/region-health.ts';
import type { HealthStatus } from '../../../src/regions/region.ts';

type Outcome = Probe['outcome'];
const START_MS = Date.UTC(2026, 10, 21);

/** Feeds probes two seconds apart and tells the status after each. */
function statusesAfter(outcomes: readonly Outcome[], options: { readonly durationMs?: number; readonly everyMs?: number } = {}): HealthStatus[] {
  const { durationMs = 2, everyMs = 2_000 } = options;
  let state = initialHealth(new Date(START_MS));
  return outcomes.map((outcome, index) => {
    state = observe(state, { at: new Date(START_MS + index * everyMs), outcome, durationMs, detail: outcome === 'good' ? '' : 'no answer' });
    return state.status;
  });
}

const repeat = (count: number, outcome: Outcome): Outcome[] => Array.from({ length: count }, () => outcome);

describe('the health of a region', () => {
  it('S4-09 is proven by the first good probe', () => {
    expect(initialHealth(new Date()).status).toBe('unknown');
    expect(statusesAfter(['good'])).toEqual(['healthy']);
  });

  it('S4-09 turns unhealthy with the second bad probe in a row, not with one', () => {
    expect(statusesAfter(['good', 'bad', 'good', 'bad', 'bad'])).toEqual(['healthy', 'healthy', 'healthy', 'healthy', 'unhealthy']);
    expect(statusesAfter(['bad', 'bad'])).toEqual(['unknown', 'unhealthy']);
  });

  it('S4-09 comes back after three good probes and ten good seconds', () => {
    const after = statusesAfter([...repeat(2, 'bad'), ...repeat(6, 'good')]);
    expect(after.slice(2)).toEqual(['unhealthy', 'unhealthy', 'unhealthy', 'unhealthy', 'unhealthy', 'healthy']);
    // Rarer probes: ten seconds have long passed, and still three are needed.
    expect(statusesAfter([...repeat(2, 'bad'), ...repeat(3, 'good')], { everyMs: 20_000 }).slice(2)).toEqual(['unhealthy', 'unhealthy', 'healthy']);
  });

  it('S4-09 stays out while it flaps: three seconds up, three seconds down', () => {
    const flapping = Array.from({ length: 60 }, (_, index): Outcome => (index % 6 < 3 ? 'bad' : 'good'));
    expect(new Set(statusesAfter(flapping, { everyMs: 1_000 }).slice(2))).toEqual(new Set(['unhealthy']));
  });

  it('is degraded while it partly fails, and healthy when that is over', () => {
    const after = statusesAfter(['good', 'bad', 'good', 'bad', 'good', ...repeat(9, 'good')]);
    expect(after[4]).toBe('degraded');
    expect(after.at(-1)).toBe('healthy');
  });

  it('is degraded while it answers slowly', () => {
    expect(statusesAfter(repeat(3, 'good'), { durationMs: 800 })).toEqual(['degraded', 'degraded', 'degraded']);
  });

  it('tells a wrong key from an outage, at once for a new region', () => {
    expect(statusesAfter(['refused'])).toEqual(['misconfigured']);
    expect(statusesAfter(['good', 'refused', 'refused'])).toEqual(['healthy', 'healthy', 'misconfigured']);
    expect(statusesAfter(['refused', 'bad', 'bad']).at(-1)).toBe('unhealthy');
  });

  it('asks a region with a wrong key every 30 s and others every 2 s, give or take a fifth', () => {
    const ended = (outcome: Outcome): HealthState => observe(initialHealth(new Date(START_MS)), { at: new Date(START_MS), outcome, durationMs: 2, detail: '' });
    expect([nextProbeInMs(ended('refused'), 0), nextProbeInMs(ended('refused'), 1)]).toEqual([24_000, 36_000]);
    // A healthy region's first refusal is looked at again soon.
    const once = observe(ended('good'), { at: new Date(START_MS), outcome: 'refused', durationMs: 2, detail: '' });
    expect(nextProbeInMs(once, 0.5)).toBe(2_000);
    expect([nextProbeInMs(ended('bad'), 0), nextProbeInMs(ended('good'), 0.5), nextProbeInMs(ended('good'), 1)]).toEqual([1_600, 2_000, 2_400]);
  });

  it('never says healthy right after a bad probe of a region that was out, and keeps a bounded memory', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Outcome>('good', 'bad', 'refused'), { maxLength: 60 }), (outcomes) => {
        let state = initialHealth(new Date(START_MS));
        outcomes.forEach((outcome, index) => {
          const before = state;
          state = observe(state, { at: new Date(START_MS + index * 2_000), outcome, durationMs: 2, detail: outcome });
          expect(state.probes.length).toBeLessThanOrEqual(10);
          const wasOut = before.status === 'unhealthy' || before.status === 'misconfigured';
          if (wasOut && outcome !== 'good') expect(['unhealthy', 'misconfigured']).toContain(state.status);
          if (state.status !== before.status) expect(state.since).toEqual(new Date(START_MS + index * 2_000));
          else expect(state.since).toEqual(before.since);
        });
      }),
    );
  });
});
