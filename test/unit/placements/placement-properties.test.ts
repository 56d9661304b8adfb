import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decidePlacement } from '../../../src/placements/placement-decision.ts';
import { CHOOSING_RULES, type PlacementPolicy, type PlacementRegion, type PlacementRequest } from '../../../src/placements/placement.ts';
import { NOW } from './placement-builders.ts';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const JURISDICTIONS = ['EU', 'US', 'JP'];
const COUNTRIES = ['DE', 'US', 'JP'];
const id = fc.constantFrom(...IDS, 'mars');
const ids = fc.uniqueArray(id, { maxLength: 4 });
const jurisdiction = fc.constantFrom(...JURISDICTIONS);
const share = fc.constantFrom(0, 0.2, 0.5, 0.89, 0.9, 0.95, 1);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const region = (regionId: string): fc.Arbitrary<PlacementRegion> =>
  fc.record({
    id: fc.constant(regionId),
    latitude: fc.integer({ min: -90, max: 90 }),
    longitude: fc.integer({ min: -180, max: 180 }),
    jurisdiction,
    storageJurisdiction: maybe(jurisdiction),
    hasStorage: fc.boolean(),
    egressKinds: maybe(fc.subarray(['audio', 'composite'])),
    adminState: fc.constantFrom('enabled', 'enabled', 'enabled', 'cordoned', 'disabled'),
    health: fc.constantFrom('healthy', 'healthy', 'degraded', 'unhealthy', 'misconfigured', 'unknown'),
    proven: fc.constantFrom(true, true, true, false),
    load: maybe(share),
    loadLimit: fc.constantFrom(0.9, 0.5),
    roomShare: fc.constantFrom(0.01, 0.1),
    maxRoomParticipants: maybe(fc.constantFrom(10, 100)),
    countries: fc.subarray(COUNTRIES),
    hostnames: fc.constant([]),
  });

const regions = fc.subarray(IDS).chain((some) => fc.tuple(...some.map(region)));
const list = <T>(arbitrary: fc.Arbitrary<T[]>, key: string) => fc.oneof(fc.constant({}), arbitrary.map((value) => ({ [key]: value })));
const residency = fc
  .tuple(list(fc.subarray(JURISDICTIONS), 'jurisdictions'), list(ids, 'regions'), list(ids, 'deny'))
  .map((parts) => Object.assign({}, ...parts));

const policy: fc.Arbitrary<PlacementPolicy> = fc.record({
  ruleOrder: fc.shuffledSubarray([...CHOOSING_RULES], { minLength: 1 }),
  pin: fc.option(fc.record({ region: id, fallback: fc.constantFrom('strict', 'nearest') })),
  clientChoice: fc.boolean(),
  residency: fc.array(fc.oneof({ weight: 9, arbitrary: residency }, { weight: 1, arbitrary: fc.constant('unreadable' as const) }), { maxLength: 2 }),
  tenantRegions: fc.tuple(list(ids, 'allow'), list(ids, 'deny')).map(([allow, deny]) => Object.assign({}, allow, deny)),
  mustRecord: fc.option(fc.constantFrom('audio', 'composite')),
  maxParticipants: fc.option(fc.constantFrom(5, 50, 500)),
  defaultRegion: fc.option(id),
});

const place = fc.oneof(
  fc.record({
    country: fc.option(fc.constantFrom(...COUNTRIES)),
    latitude: fc.integer({ min: -90, max: 90 }),
    longitude: fc.integer({ min: -180, max: 180 }),
    accuracyKm: fc.constantFrom(0, 100, 1000),
  }),
  fc.constant({ country: null, latitude: null, longitude: null, accuracyKm: null }),
);

const request: fc.Arbitrary<PlacementRequest> = fc.record({
  client: place,
  networkPrefix: fc.constant(null),
  clientChoice: fc.option(id),
  dnsHint: fc.option(fc.record({ region: id, source: fc.constantFrom('host', 'edge', 'replica') })),
  latencies: fc.array(fc.record({ region: id, rttMs: fc.double({ min: 0, max: 10_000, noNaN: true }) }), { maxLength: 6 }),
  avoidRegions: ids,
  recentPlacements: fc.dictionary(id, fc.integer({ min: 0, max: 50 })).map((counts) => new Map(Object.entries(counts))),
  seed: fc.string(),
});

const RUNS = { numRuns: 1_500 };
const INELIGIBLE = new Set(['RESIDENCY_DENIED', 'NOT_ALLOWED', 'CORDONED', 'DISABLED', 'UNHEALTHY', 'MISCONFIGURED', 'UNPROVEN', 'OVER_CAPACITY', 'NO_STORAGE', 'NO_RECORDER']);

describe('placement, whatever the input', { timeout: 30_000 }, () => {
  it('S4-10 B-04 never leaves the residency, in no order of rules', () => {
    fc.assert(
      fc.property(request, policy, regions, (asked, wished, offered) => {
        const { winner } = decidePlacement(asked, wished, offered, NOW);
        const taken = offered.find((candidate) => candidate.id === winner);
        for (const rule of taken === undefined ? [] : wished.residency) {
          if (rule === 'unreadable') throw new Error('an unreadable rule let a region in');
          const { jurisdictions = JURISDICTIONS, regions: named = IDS, deny = [] } = rule;
          const bucket = wished.mustRecord === null ? [] : [taken!.storageJurisdiction ?? taken!.jurisdiction];
          for (const place of [taken!.jurisdiction, ...bucket]) expect(jurisdictions).toContain(place);
          expect(named).toContain(winner);
          expect(deny).not.toContain(winner);
        }
      }),
      RUNS,
    );
  });

  it('S4-09 never takes a region with a code that cannot give way, and the winner is the first candidate', () => {
    fc.assert(
      fc.property(request, policy, regions, (asked, wished, offered) => {
        const outcome = decidePlacement(asked, wished, offered, NOW);
        const [first] = outcome.candidates;
        if (outcome.winner === null) return;
        expect(first).toMatchObject({ region: outcome.winner, eligible: true });
        expect(first!.reasons.filter((code) => INELIGIBLE.has(code) || code === 'FARTHER' || code === 'SLOWER')).toEqual([]);
      }),
      RUNS,
    );
  });

  it('B-01 lists every region once, the ineligible last and with a code', () => {
    fc.assert(
      fc.property(request, policy, regions, (asked, wished, offered) => {
        const { candidates } = decidePlacement(asked, wished, offered, NOW);
        expect(candidates.map((candidate) => candidate.region).toSorted()).toEqual(offered.map((one) => one.id).toSorted());
        const firstOut = candidates.findIndex((candidate) => !candidate.eligible);
        if (firstOut >= 0) expect(candidates.slice(firstOut).every((candidate) => !candidate.eligible && candidate.reasons.length > 0)).toBe(true);
        for (const candidate of candidates) {
          expect(candidate.eligible && candidate.reasons.some((code) => INELIGIBLE.has(code))).toBe(false);
        }
      }),
      RUNS,
    );
  });

  it('B-01 says the same whatever order the regions come in, and however often it is asked', () => {
    fc.assert(
      fc.property(request, policy, regions, fc.infiniteStream(fc.nat()), (asked, wished, offered, random) => {
        const once = decidePlacement(asked, wished, offered, NOW);
        const shuffled = offered.map((one) => ({ one, key: random.next().value })).sort((a, b) => a.key - b.key).map(({ one }) => one);
        expect(decidePlacement(asked, wished, shuffled, NOW)).toEqual(once);
        expect(decidePlacement(asked, wished, structuredClone(offered), NOW)).toEqual(once);
      }),
      RUNS,
    );
  });

  it('refuses only when a strict pin cannot be kept or nothing is left, and always says why', () => {
    fc.assert(
      fc.property(request, policy, regions, (asked, wished, offered) => {
        const outcome = decidePlacement(asked, wished, offered, NOW);
        expect(outcome.reason).toMatch(/^[A-Za-z].*\.$/s);
        expect(outcome.winner === null).toBe(outcome.rule === null);
        expect(outcome.winner === null).toBe(outcome.refusal !== null);
        if (outcome.refusal === 'no-region') expect(outcome.candidates.some((candidate) => candidate.eligible)).toBe(false);
        if (outcome.refusal === 'pinned-unavailable') expect(wished.pin?.fallback).toBe('strict');
      }),
      RUNS,
    );
  });

  it('a region that cannot be chosen cannot change the choice', () => {
    fc.assert(
      fc.property(request, policy, regions, (asked, wished, offered) => {
        const whole = decidePlacement(asked, wished, offered, NOW);
        const out = new Set(whole.candidates.filter((candidate) => !candidate.eligible).map((candidate) => candidate.region));
        // Named regions are left in: a pin, a default or a measured latency of an absent region reads differently.
        const named = new Set([wished.pin?.region, wished.defaultRegion, ...asked.latencies.map((probe) => probe.region)]);
        const fewer = offered.filter((one) => !out.has(one.id) || named.has(one.id));
        expect(decidePlacement(asked, wished, fewer, NOW).winner).toBe(whole.winner);
      }),
      RUNS,
    );
  });
});
