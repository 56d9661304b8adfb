import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type RegionsApi, documentOf, startRegionsApi } from './regions-api.ts';

let api: RegionsApi;
beforeAll(async () => {
  api = await startRegionsApi();
  await api.putLive('eu-fra');
  await api.putLive('us-iad');
});
afterAll(() => api.close());

describe('GET /v1/ops/regions/{id}/health', () => {
  it('S4-09 shows status, reason, since and the newest probes', async () => {
    const { status, body } = await api.call('GET', '/v1/ops/regions/eu-fra/health');
    expect(status).toBe(200);
    expect(body).toMatchObject({ region: 'eu-fra', status: 'healthy', reason: '' });
    expect(body.probes[0]).toMatchObject({ outcome: 'good', detail: '', durationMs: expect.any(Number) });
    expect((await api.call('GET', '/v1/ops/regions/nowhere/health')).body.code).toBe('region.unknown');
  });

  it('tells a key that the region does not know from an outage, and says nothing of the key', async () => {
    await api.livekit['us-iad'].control('PUT', 'fault', { mode: 'wrong-key' });
    const health = await eventually(async () => {
      const { body, text } = await api.call('GET', '/v1/ops/regions/us-iad/health');
      expect(body.status).toBe('misconfigured');
      return text;
    }, { timeoutMs: 8_000 });
    expect(health).toContain('does not accept our key');
    expect(health).not.toContain('eyJ');
    await api.livekit['us-iad'].control('DELETE', 'fault');
  });

  it('a key that is mended on our side is seen at once', async () => {
    const url = api.livekit['us-iad'].apiUrl;
    const keys = [{ id: 'two', key: 'APIusiad', secret: api.livekit['us-iad'].secret, use: 'sign' }];
    await api.call('PUT', '/v1/ops/regions/us-iad', { body: documentOf('us-iad', `${url}/`, { livekit: { publicUrl: url, apiUrl: url, keys: [{ id: 'x', key: 'APIusiad', secret: 'wrong', use: 'sign' }] } }) });
    await eventually(async () => expect((await api.call('GET', '/v1/ops/regions/us-iad/health')).body.status).toBe('misconfigured'));
    await api.call('PATCH', '/v1/ops/regions/us-iad', { body: { livekit: { keys } } });
    await eventually(async () => expect((await api.call('GET', '/v1/ops/regions/us-iad/health')).body.status).toBe('healthy'), { timeoutMs: 2_000 });
  });
});
