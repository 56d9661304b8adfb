import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FROM, type PlacementsApi, startPlacementsApi } from './placements-api.ts';

let api: PlacementsApi;
beforeAll(async () => {
  api = await startPlacementsApi();
});
afterAll(() => api.close());

const evaluate = (body: object, key?: string | null) =>
  api.api.call('POST', '/v1/placements/evaluate', { body, ...(key === undefined ? {} : { key }) });

/** `winner by rule` for each client. */
async function outcomes(body: object): Promise<readonly string[]> {
  const answer = await evaluate(body);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.decisions.map((decision: { winner: string; rule: string }) => `${decision.winner} by ${decision.rule}`);
}

describe('POST /v1/placements/evaluate', () => {
  it('B-02 S4-02 tells for each client where it would go and why, in the shape of a decision, and stores nothing', async () => {
    const answer = await evaluate({ clients: [{ ip: FROM.munich }, { ip: FROM.newYork }, { ip: FROM.singapore }, { ip: FROM.unknown }] });
    expect(answer.status).toBe(200);
    const [munich, newYork, singapore, unknown] = answer.body.decisions;
    expect(munich).toEqual({
      id: null,
      policyVersion: 1,
      revision: 3,
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      rule: 'geoip',
      reason: expect.stringMatching(/^eu-fra is the nearest region to the caller \(DE\), \d+ km away\.$/),
      winner: 'eu-fra',
      fallback: false,
      inputs: { country: 'DE', accuracyKm: 100, hint: null, hintSource: null, networkPrefix: '129.187.255.0/24', latencies: [] },
      candidates: [
        { region: 'eu-fra', eligible: true, reasons: [], distanceKm: expect.any(Number), rttMs: null, load: null },
        { region: 'us-iad', eligible: true, reasons: ['FARTHER'], distanceKm: expect.any(Number), rttMs: null, load: null },
        { region: 'ap-sin', eligible: true, reasons: ['FARTHER'], distanceKm: expect.any(Number), rttMs: null, load: null },
      ],
      durationMicros: expect.any(Number),
    });
    expect(newYork.winner).toBe('us-iad');
    expect(singapore.winner).toBe('ap-sin');
    expect(unknown).toMatchObject({ winner: 'ap-sin', rule: 'default', inputs: { country: null, accuracyKm: null } });
    expect(await api.platform.unitOfWork.db.decision.count()).toBe(0);
  });

  it('S4-02 places a client by country, by coordinates, by nothing', async () => {
    expect(await outcomes({ clients: [{ country: 'FR' }, { latitude: 40, longitude: -75 }, { latitude: 0, longitude: 100 }, {}] })).toEqual([
      'eu-fra by geoip', 'us-iad by geoip', 'ap-sin by geoip', 'ap-sin by default',
    ]);
  });

  it('S4-04 B-03 takes hints and latencies, and names what it drops', async () => {
    const latencies = [{ region: 'eu-fra', rttMs: 95 }, { region: 'us-iad', rttMs: 30 }, { region: 'eu-fra', rttMs: 120 }, { region: 'mars', rttMs: 1 }];
    const { body } = await evaluate({ clients: [{ ip: FROM.munich, hint: 'us-iad' }, { ip: FROM.munich, hint: 'mars' }, { ip: FROM.newYork, latencies }] });
    const [hinted, unknown, measured] = body.decisions;
    expect(hinted).toMatchObject({ winner: 'us-iad', rule: 'hint', inputs: { hint: 'us-iad', hintSource: 'host' } });
    expect(unknown).toMatchObject({ winner: 'eu-fra', rule: 'geoip', inputs: { hint: 'mars' }, reason: expect.stringMatching(/the hint mars .* was dropped/) });
    expect(measured).toMatchObject({ winner: 'us-iad', rule: 'latency' });
    expect(measured.inputs.latencies.map((row: { dropped: string | null }) => row.dropped)).toEqual([null, null, 'NOT_LOWEST', 'UNKNOWN_REGION']);
    expect(measured.candidates[1]).toMatchObject({ region: 'eu-fra', rttMs: 95, reasons: ['SLOWER'] });
  });

  it('S4-09 S1-01 overrides a region’s state, health and load for this question alone', async () => {
    const clients = [{ ip: FROM.munich }];
    const say = (regions: object) => outcomes({ clients, overrides: { regions } });
    expect(await say({ 'eu-fra': { state: 'cordoned' } })).toEqual(['us-iad by geoip']);
    expect(await say({ 'eu-fra': { health: 'unhealthy' } })).toEqual(['us-iad by geoip']);
    expect(await say({ 'eu-fra': { load: 0.95 } })).toEqual(['us-iad by geoip']);
    expect(await say({ 'eu-fra': { load: 0.98 }, 'us-iad': { load: 0.95 }, 'ap-sin': { load: 0.92 } })).toEqual(['ap-sin by geoip']);
    const { body } = await evaluate({ clients, overrides: { regions: { 'eu-fra': { health: 'unknown' }, 'us-iad': { state: 'disabled' }, 'ap-sin': { health: 'misconfigured' } } } });
    expect(body.decisions[0]).toMatchObject({ winner: null, rule: null, fallback: false });
    expect(body.decisions[0].candidates.map(({ eligible, reasons }: { eligible: boolean; reasons: string[] }) => [eligible, reasons])).toEqual([
      [false, ['UNPROVEN']], [false, ['DISABLED']], [false, ['MISCONFIGURED']],
    ]);
    expect(await outcomes({ clients })).toEqual(['eu-fra by geoip']);
  });

  it('S4-03 S4-10 B-04 tries a policy: pins, and a residency that fails closed', async () => {
    const client = { clients: [{ ip: FROM.newYork }] };
    expect(await outcomes({ ...client, policy: { region: { mode: 'pinned', id: 'ap-sin' } } })).toEqual(['ap-sin by pinned']);
    expect(await outcomes({ ...client, policy: { residency: { jurisdictions: ['EU'] } } })).toEqual(['eu-fra by geoip']);
    const cordoned = { overrides: { regions: { 'eu-fra': { state: 'cordoned' } } } };
    const strict = await evaluate({ ...client, ...cordoned, policy: { region: { mode: 'pinned', id: 'eu-fra', fallback: 'strict' } } });
    expect(strict.body.decisions[0]).toMatchObject({ winner: null, candidates: [{ region: 'us-iad', eligible: true, reasons: ['NOT_PINNED'] }, { region: 'ap-sin' }, { region: 'eu-fra', eligible: false, reasons: ['CORDONED'] }] });
    const nearest = await evaluate({ ...client, ...cordoned, policy: { region: { mode: 'pinned', id: 'eu-fra', fallback: 'nearest' } } });
    expect(nearest.body.decisions[0]).toMatchObject({ winner: 'us-iad', rule: 'pinned', fallback: true });
    const outside = await evaluate({ ...client, ...cordoned, policy: { residency: { jurisdictions: ['EU'] } } });
    expect(outside.body.decisions[0]).toMatchObject({ winner: null });
    expect(await outcomes({ ...client, policy: { residency: { jurisdictions: ['MARS'] } } })).toEqual(['null by null']);
  });

  it('B-02 asks for a room with its own policy, which the question may replace in part', async () => {
    const room = await api.api.makeRoom({ residency: { jurisdictions: ['EU'] } });
    const clients = [{ ip: FROM.newYork }];
    expect(await outcomes({ room: room.id, clients })).toEqual(['eu-fra by geoip']);
    expect(await outcomes({ room: room.slug, clients, policy: { residency: { jurisdictions: ['US', 'EU'] } } })).toEqual(['us-iad by geoip']);
    expect(await outcomes({ room: room.id, clients, policy: { region: { mode: 'pinned', id: 'us-iad', fallback: 'nearest' } } })).toEqual(['eu-fra by pinned']);
    expect((await api.api.call('GET', `/v1/rooms/${room.id}`)).body).toMatchObject({ residency: { jurisdictions: ['EU'] }, live: null });
  });

  it('is for rooms:read; ops:read asks about no room', async () => {
    const clients = [{ country: 'DE' }];
    const room = await api.api.makeRoom();
    expect((await evaluate({ clients }, null)).body.code).toBe('auth.required');
    expect((await evaluate({ clients }, api.opsKey)).status).toBe(200);
    expect((await evaluate({ room: room.id, clients }, api.opsKey)).body).toMatchObject({ status: 403, code: 'auth.forbidden' });
    expect((await evaluate({ room: 'no-such-room', clients })).body).toMatchObject({ status: 404, code: 'room.not-found' });
  });

  it('422 for an override of a region that there is not', async () => {
    const answer = await evaluate({ clients: [{}], overrides: { regions: { mars: { load: 0.1 } } } });
    expect(answer.body).toMatchObject({ status: 422, code: 'region.unknown', errors: [{ path: 'overrides.regions.mars' }] });
  });

  it.each<[string, object]>([
    ['no clients', {}],
    ['an empty list of clients', { clients: [] }],
    ['an address that is none', { clients: [{ ip: '1.2.3' }] }],
    ['an address with a port', { clients: [{ ip: '1.2.3.4:80' }] }],
    ['a country that is none', { clients: [{ country: 'Germany' }] }],
    ['half a place', { clients: [{ latitude: 1 }] }],
    ['a latitude off the globe', { clients: [{ latitude: 91, longitude: 0 }] }],
    ['two places', { clients: [{ ip: '8.8.8.8', country: 'DE' }] }],
    ['a time that is none', { clients: [{ latencies: [{ region: 'eu-fra', rttMs: -1 }] }] }],
    ['a time beyond measuring', { clients: [{ latencies: [{ region: 'eu-fra', rttMs: 10_001 }] }] }],
    ['a load over 1', { clients: [{}], overrides: { regions: { 'eu-fra': { load: 2 } } } }],
    ['a state that is none', { clients: [{}], overrides: { regions: { 'eu-fra': { state: 'asleep' } } } }],
    ['a pin without a region', { clients: [{}], policy: { region: { mode: 'pinned' } } }],
    ['a part of a policy that is none', { clients: [{}], policy: { access: 'public' } }],
    ['an unknown field', { clients: [{}], dryRun: true }],
    ['more clients than one call may ask about', { clients: Array.from({ length: 501 }, () => ({})) }],
  ])('400 for %s', async (_, body) => {
    expect((await evaluate(body)).body).toMatchObject({ status: 400, code: 'request.invalid' });
  });
});
