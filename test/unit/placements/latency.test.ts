import { describe, expect, it } from 'vitest';
import { judgeLatencies, minimumRttMs } from '../../../src/placements/latency.ts';
import { BERLIN, decide, NEW_YORK } from './placement-builders.ts';

const POSITIONS = new Map([['near', 0], ['far', 1]]);
/** 0 ms for `near`, 60 ms for `far`. */
const minimumOf = (position: number): number => position * 60;

function dropped(...probes: readonly [region: string, rttMs: number][]): readonly (string | null)[] {
  return judgeLatencies(probes.map(([region, rttMs]) => ({ region, rttMs })), POSITIONS, minimumOf).judged.map((row) => row.dropped);
}

describe('B-03 what a client’s own figures can do is bounded', () => {
  it.each<[string, [string, number][], (string | null)[]]>([
    ['plausible figures count', [['near', 5], ['far', 80]], [null, null]],
    ['an unknown region is dropped by name', [['mars', 5]], ['UNKNOWN_REGION']],
    ['faster than light', [['far', 59.9], ['far', 60]], ['TOO_FAST', 'NOT_LOWEST']],
    ['at the bound of light', [['far', 60]], [null]],
    ['slower than any link', [['near', 2000.1]], ['TOO_SLOW']],
    ['at the bound of slowness', [['near', 2000]], [null]],
    ['of several the lowest counts', [['near', 9], ['near', 5], ['near', 7]], ['NOT_LOWEST', null, 'NOT_LOWEST']],
    ['of equals the first', [['near', 5], ['near', 5]], [null, 'NOT_LOWEST']],
    ['what is no number', [['near', Number.NaN]], ['TOO_FAST']],
  ])('%s', (_, probes, expected) => expect(dropped(...probes)).toEqual(expected));

  it('the least possible time is 1 ms for 100 km beyond what is not known of the place', () => {
    expect(minimumRttMs(6700, 100)).toBe(66);
    expect(minimumRttMs(80, 100)).toBe(0);
    expect(minimumRttMs(undefined, 0)).toBe(0);
  });

  it('a liar in New York cannot pull a room to Tokyo by claiming 1 ms', () => {
    const outcome = decide({
      request: { client: NEW_YORK, latencies: [{ region: 'ap-tyo', rttMs: 1 }, { region: 'us-iad', rttMs: 40 }, { region: 'eu-fra', rttMs: 90 }] },
    });
    expect(outcome).toMatchObject({ winner: 'us-iad', rule: 'latency' });
    expect(outcome.inputs.latencies[0]).toEqual({ region: 'ap-tyo', rttMs: 1, dropped: 'TOO_FAST' });
  });

  it('with fewer than two left the place decides: latency fails open', () => {
    const outcome = decide({ request: { client: BERLIN, latencies: [{ region: 'us-iad', rttMs: 1 }, { region: 'eu-fra', rttMs: 30 }] } });
    expect(outcome).toMatchObject({ winner: 'eu-fra', rule: 'geoip' });
    expect(outcome.candidates[0]).toMatchObject({ region: 'eu-fra', rttMs: 30 });
  });

  it('without a place every figure up to 2 s is possible', () => {
    const client = { country: null, latitude: null, longitude: null, accuracyKm: null };
    const outcome = decide({ request: { client, latencies: [{ region: 'us-iad', rttMs: 3 }, { region: 'eu-fra', rttMs: 30 }] } });
    expect(outcome).toMatchObject({ winner: 'us-iad', rule: 'latency' });
  });
});
