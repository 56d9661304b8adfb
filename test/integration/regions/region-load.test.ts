import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RegionsApi, documentOf, startRegionsApi } from '../../api/regions/regions-api.ts';
import { signJoinToken } from '../../../src/platform/livekit/livekit-token.ts';

let api: RegionsApi;
const servers: Server[] = [];
beforeAll(async () => {
  api = await startRegionsApi();
});
afterAll(async () => {
  await api.close();
  for (const server of servers) server.close();
});

/** A node's Prometheus page with a CPU counter that the test turns. */
async function startNode(): Promise<{ readonly url: string; cpuSeconds: number; isDead: boolean }> {
  const node = { url: '', cpuSeconds: 0, isDead: false };
  const server = createServer((_request, response) => {
    if (node.isDead) response.destroy();
    else response.end(`# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total ${node.cpuSeconds}\n`);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  node.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  return node;
}

const measure = () => api.runSchedule('region-load');
const loadOf = async (id: string) => {
  await api.runSchedule('region-health-learn');
  return api.regions.findView(id)?.health.load;
};

describe('the load of a region', () => {
  it('S1-04 follows the people that LiveKit counts and our open sessions, and reaches every replica', async () => {
    await api.putLive('eu-fra', { capacity: { maxParticipants: 4, maxRooms: 10 } });
    const gateway = api.regions.gatewayOf('eu-fra');
    await gateway.createRoom({ name: 'a.1', emptyTimeoutSeconds: 60, departureTimeoutSeconds: 20 });
    for (const identity of ['u:ann', 'u:bob', 'u:eve']) await enter('a.1', identity);
    api.openSessions.set('eu-fra', 5);
    await measure();
    expect(await loadOf('eu-fra')).toBe(0.75);
    const other = await api.startReplica();
    expect(other.regions.findView('eu-fra')?.health.load).toBe(0.75);
    expect(await api.platform.metrics.render()).toContain('meridian_region_load{region="eu-fra"} 0.75');

    api.openSessions.set('eu-fra', 9);
    await measure();
    expect(await loadOf('eu-fra')).toBe(0.9);
  });

  it('S1-07 sums the CPU of a region\'s nodes; the death of one makes the region neither unhealthy nor unmeasured', async () => {
    const [one, two] = [await startNode(), await startNode()];
    await api.putLive('us-iad', { capacity: { nodeCores: 1 }, metricsUrls: [one.url, two.url] });
    await measure();
    expect(await loadOf('us-iad')).toBeUndefined();
    // Far more than any time that can have passed: both cores count as busy.
    one.cpuSeconds += 10_000;
    await measure();
    expect(await loadOf('us-iad')).toBe(1);
    two.isDead = true;
    await measure();
    expect(await loadOf('us-iad')).toBe(0);
    expect(api.regions.findView('us-iad')).toMatchObject({ accepting: true, health: { status: 'healthy' } });
  });

  it('is unknown of a region that names no capacity, and of one that is away, and holds nobody up', async () => {
    await api.call('PUT', '/v1/ops/regions/away', { body: documentOf('us-iad', 'http://127.0.0.1:9', { capacity: { maxParticipants: 10 } }) });
    await api.call('PUT', '/v1/ops/regions/plain', { body: documentOf('us-iad', api.livekit['us-iad'].apiUrl) });
    await measure();
    expect([await loadOf('away'), await loadOf('plain'), await loadOf('eu-fra')]).toEqual([undefined, undefined, 0.9]);
  });
});

async function enter(room: string, identity: string): Promise<void> {
  const key = api.regions.signingKeyOf('eu-fra');
  const token = signJoinToken(key, {
    identity, name: identity, metadata: '', attributes: {}, kind: 'standard', ttlSeconds: 600, nowMs: Date.now(),
    grant: { room, canPublish: true, canSubscribe: true, canPublishData: true, canPublishSources: [], canUpdateOwnMetadata: false, hidden: false },
  });
  await api.livekit['eu-fra'].control('POST', 'participants', { token });
}
