import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';
import { putRegion } from '../../support/test-product.ts';
import { type SimulatedRegions, startSimulatedRegions } from '../../support/test-regions.ts';
import { type ProductProcess, beginSlowRequest, makeKeys, spawnProduct, takesConnections } from './product-process.ts';

let database: TestDatabase;
let simulated: SimulatedRegions;
let keys: { opsKey: string; tenantKey: string };
let product: ProductProcess;

beforeAll(async () => {
  database = await createTestDatabase();
  simulated = await startSimulatedRegions(['eu-fra'], await freePort());
  const first = await spawnProduct({ databaseUrl: database.url });
  await first.untilReady();
  keys = await makeKeys(database.url, () => first.api);
  await putRegion(first.api, keys.opsKey, simulated.region('eu-fra'));
  await first.kill();
}, 60_000);
afterEach(() => product.kill());
afterAll(async () => {
  await simulated.close();
  await database.drop();
});

async function start(environment: Record<string, string> = {}): Promise<ProductProcess> {
  product = await spawnProduct({ databaseUrl: database.url, redisUrl: inject('redisUrl'), key: keys.tenantKey, environment });
  await product.untilReady();
  return product;
}

describe('S1-06 a process that is told to end', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)('by %s says so, finishes what runs, refuses what is new, and ends with 0', async (signal) => {
    const { api, port } = await start({ MERIDIAN_HANDOVER_SECONDS: '1' });
    const slow = await beginSlowRequest(port, keys.tenantKey, '/v1/rooms', '{"name":"late"}');

    product.signal(signal);
    const ready = await eventually(async () => {
      const answer = await api.call('GET', '/readyz', { key: null });
      expect(answer.status).toBe(503);
      return answer;
    });
    expect(ready.body).toMatchObject({ status: 'stopping', checks: { postgres: { ok: true } } });
    expect(ready.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(ready.headers.get('connection')).toBe('close');

    await eventually(async () => expect(await takesConnections(port)).toBe(false));
    const answer = await slow.finish();
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(answer).toMatch(/^Connection: close\r$/m);
    expect(await product.untilEnd()).toBe(0);
    expect(product.output()).toContain('"msg":"stopped"');
  });

  it('writes the grants that were still waiting to be written together', async () => {
    const { api } = await start();
    const room = await api.makeRoom({});
    // The region's first good look may come after that of /readyz.
    await eventually(async () => expect((await api.join(room.id)).status).toBe(200));
    const joined = await Promise.all(Array.from({ length: 20 }, () => api.join(room.id)));
    product.signal('SIGTERM');
    expect(await product.untilEnd()).toBe(0);
    const grants = await database.query<{ identity: string }>('SELECT identity FROM join_grant WHERE room_id = $1', [room.id]);
    expect(grants.map(({ identity }) => identity)).toEqual(expect.arrayContaining(joined.map(({ body }) => body.identity)));
  });

  it('waits for a running request no longer than its deadline, and still ends in order', async () => {
    const { port } = await start({ MERIDIAN_SHUTDOWN_SECONDS: '1' });
    await beginSlowRequest(port, keys.tenantKey, '/v1/rooms', '{"name":"never"}');
    product.signal('SIGTERM');
    expect(await product.untilEnd()).toBe(0);
    expect(product.output()).toContain('"step":"http","deadlineMs":1000,"msg":"shutdown step gave up at its deadline"');
    expect(product.output()).toContain('"msg":"stopped"');
  });

  it('ends at once at a second signal', async () => {
    const { port } = await start({ MERIDIAN_SHUTDOWN_SECONDS: '60' });
    await beginSlowRequest(port, keys.tenantKey, '/v1/rooms', '{"name":"never"}');
    product.signal('SIGTERM');
    await eventually(async () => expect(await takesConnections(port)).toBe(false));
    product.signal('SIGINT');
    expect(await product.untilEnd()).toBe(1);
  });

  it('takes itself off the list of live processes', async () => {
    await start({ MERIDIAN_INSTANCE_ID: 'leaving' });
    const listed = async (): Promise<number> => (await database.query(`SELECT FROM instance WHERE id = 'leaving'`)).length;
    expect(await listed()).toBe(1);
    product.signal('SIGTERM');
    expect(await product.untilEnd()).toBe(0);
    expect(await listed()).toBe(0);
  });
});
