import { describe, expect, it } from 'vitest';
import { aRegion, decide, LUXEMBOURG, NEW_YORK, NOW, NOWHERE, summary, type Situation } from './placement-builders.ts';

type Row = readonly [title: string, situation: Situation, winner: string | null, rule: string | null, reason: RegExp];

const hint = (region: string, source: 'host' | 'edge' | 'replica' = 'host') => ({ dnsHint: { region, source } });

describe('which region wins, and by which rule', () => {
  it.each<Row>([
    ['nearest by GeoIP', {}, 'eu-fra', 'geoip', /^eu-fra is the nearest region to the caller \(DE\), 42\d km away\.$/],
    ['S4-02 the other side of the ocean', { request: { client: NEW_YORK } }, 'us-iad', 'geoip', /nearest/],
    ['no place: the default', { request: { client: NOWHERE } }, 'eu-fra', 'default', /default region is used: eu-fra\.$/],
    ['no place and no default: the least loaded', { request: { client: NOWHERE }, policy: { defaultRegion: null }, regions: [aRegion('eu-fra', { load: 0.4 }), aRegion('us-iad', { load: 0.1 })] }, 'us-iad', 'default', /least loaded/],
    ['a default that no region has: the least loaded', { request: { client: NOWHERE }, policy: { defaultRegion: 'mars' }, regions: [aRegion('eu-fra', { load: 0.4 }), aRegion('us-iad', { load: 0.1 })] }, 'us-iad', 'default', /least loaded region is used, for there is no default/],
    ['a country override beats distance', { regions: [aRegion('eu-fra'), aRegion('us-iad', { countries: ['DE'] })] }, 'us-iad', 'geoip', /^us-iad serves callers from DE\.$/],
    ['an override that cannot take it does not', { regions: [aRegion('eu-fra'), aRegion('us-iad', { countries: ['DE'], adminState: 'cordoned' })] }, 'eu-fra', 'geoip', /nearest/],
    ['a country without a place still finds its override', { request: { client: { ...NOWHERE, country: 'JP' } }, regions: [aRegion('eu-fra'), aRegion('ap-tyo', { countries: ['JP'] })] }, 'ap-tyo', 'geoip', /serves/],
    ['S4-03 the owner’s pin', { policy: { pin: { region: 'ap-tyo', fallback: 'strict' } } }, 'ap-tyo', 'pinned', /^The room is pinned to ap-tyo\.$/],
    ['S4-03 a pin beats a hint', { policy: { pin: { region: 'ap-tyo', fallback: 'nearest' } }, request: hint('us-iad') }, 'ap-tyo', 'pinned', /pinned/],
    ['S4-04 the DNS hint beats the place', { request: hint('us-iad') }, 'us-iad', 'hint', /host name/],
    ['S1-02 the replica reached is a hint', { request: hint('us-iad', 'replica') }, 'us-iad', 'hint', /server there/],
    ['S4-04 an unknown hint is dropped and named', { request: hint('mars') }, 'eu-fra', 'geoip', /the hint mars \(host\) was dropped: no region has this id\.$/],
    ['S4-04 an ineligible hint is dropped and named', { request: hint('us-iad'), regions: [aRegion('eu-fra'), aRegion('us-iad', { health: 'unhealthy' })] }, 'eu-fra', 'geoip', /the hint us-iad \(host\) was dropped: unhealthy\.$/],
    ['the client’s choice where the room allows it', { policy: { clientChoice: true }, request: { ...hint('us-iad'), clientChoice: 'ap-tyo' } }, 'ap-tyo', 'hint', /asked for it/],
    ['not where it does not', { request: { clientChoice: 'ap-tyo' } }, 'eu-fra', 'geoip', /nearest/],
    ['measured latency beats the place', { request: { latencies: [{ region: 'eu-fra', rttMs: 90 }, { region: 'us-iad', rttMs: 70 }] } }, 'us-iad', 'latency', /^Among 2 measured regions us-iad answered the caller fastest, in 70 ms\.$/],
    ['one figure is no comparison', { request: { latencies: [{ region: 'us-iad', rttMs: 70 }] } }, 'eu-fra', 'geoip', /nearest/],
    ['measured regions that cannot take it: the next rule', { request: { latencies: [{ region: 'us-iad', rttMs: 90 }, { region: 'ap-tyo', rttMs: 200 }] }, regions: [aRegion('eu-fra'), aRegion('us-iad', { adminState: 'cordoned' }), aRegion('ap-tyo', { adminState: 'disabled' })] }, 'eu-fra', 'geoip', /nearest/],
    ['another order of rules', { policy: { ruleOrder: ['geoip', 'hint', 'default'] }, request: hint('us-iad') }, 'eu-fra', 'geoip', /^[^;]*$/],
    ['the default comes last even when it is left out', { policy: { ruleOrder: ['hint'] } }, 'eu-fra', 'default', /No earlier rule applied/],
    ['S4-09 an unhealthy region gets no new session', { regions: [aRegion('eu-fra', { health: 'unhealthy' }), aRegion('us-iad')] }, 'us-iad', 'geoip', /nearest/],
    ['S4-09 a degraded one does', { regions: [aRegion('eu-fra', { health: 'degraded' }), aRegion('us-iad')] }, 'eu-fra', 'geoip', /nearest/],
    ['S1-01 the nearest under its load limit', { regions: [aRegion('eu-fra', { load: 0.95 }), aRegion('us-iad', { load: 0.5 })] }, 'us-iad', 'geoip', /nearest/],
    ['S1-01 load at the limit is over it', { regions: [aRegion('eu-fra', { load: 0.9 }), aRegion('us-iad', { load: 0.5 })] }, 'us-iad', 'geoip', /nearest/],
    ['S1-01 unknown load excludes nobody', { regions: [aRegion('eu-fra'), aRegion('us-iad', { load: 0 })] }, 'eu-fra', 'geoip', /nearest/],
    ['an avoided region loses', { request: { avoidRegions: ['eu-fra'] } }, 'us-iad', 'geoip', /nearest/],
    ['no region at all', { regions: [] }, null, null, /^No region is configured\.$/],
  ])('%s', (_, situation, winner, rule, reason) => {
    const outcome = decide(situation);
    expect(outcome).toMatchObject({ winner, rule, policyVersion: 1, at: NOW });
    expect(outcome.reason).toMatch(reason);
  });
});

describe('what gives way, and what does not', () => {
  const pin = (fallback: 'strict' | 'nearest') => ({ pin: { region: 'eu-fra', fallback } });
  const cordoned = [aRegion('eu-fra', { adminState: 'cordoned' }), aRegion('us-iad'), aRegion('ap-tyo')];

  it('S4-03 a strict pin refuses when its region cannot take the session, and shows who could', () => {
    const outcome = decide({ regions: cordoned, policy: pin('strict') });
    expect(outcome).toMatchObject({ winner: null, rule: null, refusal: 'pinned-unavailable', fallback: false });
    expect(outcome.reason).toBe('The room is pinned strictly to a region that cannot take it now (cordoned).');
    expect(summary(outcome)).toEqual(['us-iad: NOT_PINNED', 'ap-tyo: NOT_PINNED', '!eu-fra: CORDONED']);
  });

  it('S4-03 a pin that may fall back goes to the region nearest to the caller, else nearest to the pin', () => {
    const near = decide({ regions: cordoned, policy: pin('nearest'), request: { client: NEW_YORK } });
    expect(near).toMatchObject({ winner: 'us-iad', rule: 'pinned', fallback: true });
    const unknown = decide({
      regions: [...cordoned, aRegion('eu-par')],
      policy: pin('nearest'),
      request: { client: NOWHERE },
    });
    expect(unknown).toMatchObject({ winner: 'eu-par', rule: 'pinned', fallback: true });
    expect(unknown.reason).toBe(
      'The room is pinned to eu-fra, which cannot take it (cordoned), so the nearest possible region is used: eu-par.',
    );
  });

  it('a pin on a region that nobody has refuses or falls back like any other', () => {
    const gone = (fallback: 'strict' | 'nearest') => decide({ policy: { pin: { region: 'mars', fallback } } });
    expect(gone('strict')).toMatchObject({ winner: null, refusal: 'pinned-unavailable' });
    expect(gone('nearest')).toMatchObject({ winner: 'eu-fra', fallback: true });
  });

  it('a strict pin takes its region over the load limit and against the wish to avoid it, for there is no other', () => {
    const full = [aRegion('eu-fra', { load: 1 }), aRegion('us-iad', { load: 0.1 })];
    const outcome = decide({ regions: full, policy: pin('strict'), request: { avoidRegions: ['eu-fra'] } });
    expect(outcome).toMatchObject({ winner: 'eu-fra', rule: 'pinned', fallback: false });
    expect(summary(outcome)).toEqual(['eu-fra: OVER_LOAD,AVOIDED', 'us-iad: NOT_PINNED']);
  });

  it('S1-01 when all are over their limit the least loaded is used: load fails open', () => {
    const outcome = decide({
      regions: [aRegion('eu-fra', { load: 0.99 }), aRegion('us-iad', { load: 0.95 }), aRegion('ap-tyo', { load: 0.97 })],
    });
    expect(outcome).toMatchObject({ winner: 'us-iad', rule: 'geoip', fallback: true });
    expect(outcome.reason).toMatch(/every possible region is over its load limit, and this is the least loaded\.$/);
    expect(outcome.candidates.map(({ region, eligible }) => [region, eligible])).toEqual([
      ['us-iad', true],
      ['ap-tyo', true],
      ['eu-fra', true],
    ]);
  });

  it('an avoided region gives way only when nothing else is left, after the load limits', () => {
    const regions = [aRegion('eu-fra'), aRegion('us-iad', { load: 1 })];
    expect(decide({ regions, request: { avoidRegions: ['eu-fra'] } }).winner).toBe('us-iad');
    const last = decide({ regions: [aRegion('eu-fra')], request: { avoidRegions: ['eu-fra'] } });
    expect(last).toMatchObject({ winner: 'eu-fra', fallback: true });
    expect(summary(last)).toEqual(['eu-fra: AVOIDED']);
  });

  it('a default region that cannot take the session is replaced by the one nearest to it', () => {
    const outcome = decide({ regions: [...cordoned, aRegion('eu-par')], request: { client: NOWHERE } });
    expect(outcome).toMatchObject({ winner: 'eu-par', rule: 'default', fallback: true });
  });

  it('S4-10 B-04 residency never gives way: not to load, a pin, a hint, a choice or a default', () => {
    const outcome = decide({
      regions: [aRegion('eu-fra', { health: 'unhealthy' }), aRegion('us-iad')],
      policy: { residency: [{ jurisdictions: ['EU'] }], clientChoice: true, pin: { region: 'us-iad', fallback: 'nearest' }, defaultRegion: 'us-iad' },
      request: { client: NEW_YORK, clientChoice: 'us-iad', latencies: [{ region: 'us-iad', rttMs: 20 }, { region: 'eu-fra', rttMs: 90 }] },
    });
    expect(outcome).toMatchObject({ winner: null, rule: null, refusal: 'no-region' });
    expect(summary(outcome)).toEqual(['!us-iad: RESIDENCY_DENIED', '!eu-fra: UNHEALTHY']);
    expect(outcome.reason).toBe('None of 2 regions may take the room (1 outside the residency, 1 unhealthy).');
  });
});

describe('B-01 a decision explains every region', () => {
  it('carries inputs, candidates best first with codes and figures, the winner and the sentence', () => {
    const outcome = decide({
      regions: [
        aRegion('us-iad', { load: 0.25 }),
        aRegion('ap-tyo', { adminState: 'cordoned', health: 'unhealthy', proven: false }),
        aRegion('eu-fra', { load: 0.5 }),
      ],
      request: { ...hint('mars', 'edge'), networkPrefix: '198.51.100.0/24', latencies: [{ region: 'mars', rttMs: 10 }] },
    });
    expect(outcome).toEqual({
      policyVersion: 1,
      at: NOW,
      rule: 'geoip',
      reason: 'eu-fra is the nearest region to the caller (DE), 423 km away; the hint mars (edge) was dropped: no region has this id.',
      winner: 'eu-fra',
      refusal: null,
      fallback: false,
      inputs: {
        country: 'DE',
        accuracyKm: 100,
        hint: 'mars',
        hintSource: 'edge',
        networkPrefix: '198.51.100.0/24',
        latencies: [{ region: 'mars', rttMs: 10, dropped: 'UNKNOWN_REGION' }],
      },
      candidates: [
        { region: 'eu-fra', eligible: true, reasons: [], distanceKm: 423, rttMs: null, load: 0.5 },
        { region: 'us-iad', eligible: true, reasons: ['FARTHER'], distanceKm: 6727, rttMs: null, load: 0.25 },
        { region: 'ap-tyo', eligible: false, reasons: ['CORDONED', 'UNHEALTHY', 'UNPROVEN'], distanceKm: 8921, rttMs: null, load: null },
      ],
    });
  });

  it('says SLOWER of measured regions and FARTHER of others', () => {
    const outcome = decide({
      regions: [aRegion('eu-fra'), aRegion('us-iad'), aRegion('ap-tyo'), aRegion('eu-par')],
      request: { latencies: [{ region: 'eu-fra', rttMs: 12 }, { region: 'us-iad', rttMs: 95 }] },
    });
    expect(summary(outcome)).toEqual(['eu-fra', 'us-iad: SLOWER', 'eu-par: FARTHER', 'ap-tyo: FARTHER']);
  });
});

describe('S1-01 near equals are spread by load', () => {
  const equals = (fra: object, par: object) => [aRegion('eu-fra', fra), aRegion('eu-par', par), aRegion('us-iad')];
  const from = { client: LUXEMBOURG };

  it('the lower load wins within 150 km of the best, although it is farther', () => {
    const outcome = decide({ regions: equals({ load: 0.6 }, { load: 0.2 }), request: from });
    expect(outcome).toMatchObject({ winner: 'eu-par', rule: 'geoip' });
    expect(outcome.reason).toMatch(/about as near .* best placed by load of 2 equals\.$/);
    expect(summary(outcome)).toEqual(['eu-par', 'eu-fra', 'us-iad: FARTHER']);
  });

  it('beyond 15 % and 150 km distance wins over load', () => {
    expect(decide({ regions: equals({ load: 0.6 }, { load: 0.2 }) }).winner).toBe('eu-fra');
  });

  it('within 15 % or 10 ms the lower load wins by the latency rule', () => {
    const latencies = (fra: number, par: number) => ({ latencies: [{ region: 'eu-fra', rttMs: fra }, { region: 'eu-par', rttMs: par }] });
    const regions = equals({ load: 0.6 }, { load: 0.2 });
    expect(decide({ regions, request: { ...from, ...latencies(20, 30) } }).winner).toBe('eu-par');
    expect(decide({ regions, request: { ...from, ...latencies(20, 31) } }).winner).toBe('eu-fra');
    expect(decide({ regions, request: { ...from, ...latencies(200, 230) } }).winner).toBe('eu-par');
    expect(decide({ regions, request: { ...from, ...latencies(200, 231) } }).winner).toBe('eu-fra');
  });

  it('placements that the load cannot show yet count', () => {
    const regions = equals({ load: 0.2, roomShare: 0.05 }, { load: 0.3 });
    const recent = (count: number) => decide({ regions, request: { ...from, recentPlacements: new Map([['eu-fra', count]]) } });
    expect(recent(1).winner).toBe('eu-fra');
    expect(recent(3).winner).toBe('eu-par');
  });

  it('two hundred rooms opened at one moment spread evenly, by what was just placed', () => {
    const recentPlacements = new Map<string, number>();
    for (let room = 0; room < 200; room += 1) {
      const { winner } = decide({ regions: equals({}, {}), request: { ...from, recentPlacements, seed: `room_${room}` } });
      recentPlacements.set(winner!, (recentPlacements.get(winner!) ?? 0) + 1);
    }
    expect(Object.fromEntries(recentPlacements)).toEqual({ 'eu-fra': 100, 'eu-par': 100 });
  });

  it('ties are broken by the seed, so rooms spread over replicas that know nothing of one another', () => {
    const winners = Array.from({ length: 1000 }, (_, at) => decide({ regions: equals({}, {}), request: { ...from, seed: `room_${at}` } }).winner);
    const share = winners.filter((winner) => winner === 'eu-fra').length / winners.length;
    expect(share).toBeGreaterThan(0.45);
    expect(share).toBeLessThan(0.55);
  });
});
