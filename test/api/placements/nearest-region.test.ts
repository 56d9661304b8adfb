import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FROM, type PlacementsApi, startPlacementsApi } from './placements-api.ts';

let api: PlacementsApi;
beforeAll(async () => {
  api = await startPlacementsApi({
    environment: { MERIDIAN_DEFAULT_REGION: 'eu-fra' },
    changes: { 'us-iad': { hostnames: ['US.meet.example'] } },
  });
});
afterAll(() => api.close());

const nearest = (from: string, headers: Readonly<Record<string, string>> = {}) =>
  api.api.call('GET', '/v1/regions/nearest', { key: null, from, headers });

describe('GET /v1/regions/nearest', () => {
  it('S4-02 tells anybody the region they would be sent to, and those after it', async () => {
    const answer = await nearest(FROM.munich);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      region: 'eu-fra', rule: 'geoip', alternatives: ['us-iad', 'ap-sin'],
      reason: expect.stringMatching(/^eu-fra is the nearest region/),
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect((await nearest(FROM.singapore)).body.region).toBe('ap-sin');
  });

  it('a caller without a place goes by the default rule', async () => {
    expect((await nearest(FROM.unknown)).body).toMatchObject({ region: 'eu-fra', rule: 'default' });
  });

  it('S1-02 S4-04 a host name of a region, or the word of a trusted edge, is a hint', async () => {
    expect((await nearest(FROM.munich, { 'x-forwarded-host': 'us.meet.example:443' })).body).toMatchObject({ region: 'us-iad', rule: 'hint' });
    expect((await nearest(FROM.munich, { 'x-meridian-region': 'ap-sin' })).body).toMatchObject({ region: 'ap-sin', rule: 'hint' });
    expect((await nearest(FROM.munich, { 'x-meridian-region': 'mars' })).body).toMatchObject({ region: 'eu-fra', rule: 'geoip', reason: expect.stringMatching(/mars/) });
  });

  it('goes by the right-most address that no trusted proxy wrote, and by none that the caller wrote', async () => {
    expect((await nearest(`${FROM.munich}, ${FROM.newYork}`)).body.region).toBe('us-iad');
    expect((await nearest(`${FROM.munich}, nonsense`)).body.rule).toBe('default');
  });

  it('browsers of the configured origins may ask', async () => {
    const answer = await nearest(FROM.munich, { origin: 'https://app.example' });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('503 placement.no-region when none takes a session, without telling which and why not', async () => {
    for (const id of ['eu-fra', 'us-iad', 'ap-sin']) await api.api.call('POST', `/v1/ops/regions/${id}/cordon`, { key: api.opsKey });
    const answer = await nearest(FROM.munich);
    expect(answer.body).toMatchObject({ status: 503, code: 'placement.no-region' });
    expect(answer.headers.get('retry-after')).toBe('3');
    expect(answer.text).not.toContain('eu-fra');
  });
});
