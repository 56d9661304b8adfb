import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FROM, type PlacementsApi, startPlacementsApi } from './placements-api.ts';

let api: PlacementsApi;
beforeAll(async () => {
  api = await startPlacementsApi({ changes: { 'us-iad': { hostnames: ['us.meet.example'] } } });
});
afterAll(() => api.close());

async function joined(room: object, from: string, body: object = {}, headers: Readonly<Record<string, string>> = {}) {
  const { id } = await api.api.makeRoom({ access: 'public', ...room });
  const answer = await api.api.join(id, { displayName: 'Ada', ...body }, { from, headers });
  return { id, answer, placement: await api.api.call('GET', `/v1/rooms/${id}/placement`) };
}

describe('a join and the decision behind it', () => {
  it('B-01 S4-02 the answer carries the short form of the decision that GET …/placement shows whole', async () => {
    const { answer, placement } = await joined({}, FROM.newYork);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.region.id).toBe('us-iad');
    const { id, rule, reason } = placement.body;
    expect(answer.body.decision).toEqual({ id, rule, reason });
    expect(id).toMatch(/^dec_/);
    expect(placement.body).toMatchObject({
      rule: 'geoip', winner: 'us-iad', fallback: false, policyVersion: 1,
      inputs: { country: 'US', networkPrefix: '128.59.105.0/24', hint: null },
    });
    expect(placement.body.candidates).toHaveLength(3);
    expect(placement.text).not.toContain(FROM.newYork);
  });

  it('S4-04 S1-02 goes by the host name that the caller reached', async () => {
    const { answer, placement } = await joined({}, FROM.munich, {}, { 'x-forwarded-host': 'us.meet.example' });
    expect(answer.body).toMatchObject({ region: { id: 'us-iad' }, decision: { rule: 'hint' } });
    expect(placement.body.inputs).toMatchObject({ hint: 'us-iad', hintSource: 'host' });
  });

  it('S4-03 goes where the owner pinned the room, wherever the first caller is', async () => {
    const { answer } = await joined({ region: { mode: 'pinned', id: 'ap-sin' } }, FROM.munich);
    expect(answer.body).toMatchObject({ region: { id: 'ap-sin' }, decision: { rule: 'pinned' } });
  });

  it('B-03 goes by what the client measured, within what is possible', async () => {
    const latencies = [{ region: 'ap-sin', rttMs: 1 }, { region: 'us-iad', rttMs: 95 }, { region: 'eu-fra', rttMs: 110 }];
    const { answer, placement } = await joined({}, FROM.munich, { latencies });
    expect(answer.body).toMatchObject({ region: { id: 'us-iad' }, decision: { rule: 'latency' } });
    expect(placement.body.inputs.latencies[0]).toEqual({ region: 'ap-sin', rttMs: 1, dropped: 'TOO_FAST' });
  });

  it('S4-10 stays inside the residency, whatever the caller says', async () => {
    const { answer } = await joined({ residency: { jurisdictions: ['EU'] } }, FROM.newYork, {}, { 'x-forwarded-host': 'us.meet.example' });
    expect(answer.body.region.id).toBe('eu-fra');
  });

  it('S4-10 B-04 a jurisdiction that no region has admits nobody', async () => {
    const { answer, placement } = await joined({ residency: { jurisdictions: ['MARS'] } }, FROM.newYork);
    expect(answer.body).toMatchObject({ status: 503, code: 'placement.no-region' });
    expect(placement.status).toBe(404);
  });

  it('S4-09 when a region dies, the very next new session opens elsewhere, and its decision says why', async () => {
    await api.simulated.region('eu-fra').control('POST', 'kill');
    const { answer, placement } = await joined({}, FROM.munich);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.region.id).toBe('us-iad');
    expect(placement.body.candidates.at(-1)).toMatchObject({ region: 'eu-fra', eligible: false, reasons: ['UNHEALTHY'] });
  });
});
