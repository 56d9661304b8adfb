import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { migrate } from '../../src/platform/database/migrator.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { type PostgresServer, startPostgresServer } from '../support/test-database.ts';
import { type TestProduct, startTestProduct } from '../support/test-product.ts';
import { type SimulatedRegions, startSimulatedRegions } from '../support/test-regions.ts';

let postgres: PostgresServer;
let regions: SimulatedRegions;
let product: TestProduct;

beforeAll(async () => {
  postgres = await startPostgresServer(inject('runFolder'));
  await migrate(new Secret(postgres.url), 'prisma/migrations');
  const port = await freePort();
  regions = await startSimulatedRegions(['eu-fra', 'us-iad'], port);
  product = await startTestProduct({ port, databaseUrl: postgres.url, regions: regions.regions });
}, 60_000);

afterAll(async () => {
  postgres.thaw();
  await product.stop();
  await regions.close();
  postgres.kill();
});

/** No answer may take longer than this, whatever Postgres does; the margin is for a busy machine. */
const CLEAR_ANSWER_MS = 1_000 + 500;

async function answered(method: string, path: string, options: Parameters<TestProduct['api']['call']>[2] = {}): Promise<{ status: number; code: string; tookMs: number }> {
  const startedMs = performance.now();
  const { status, body } = await product.api.call(method, path, options);
  return { status, code: body?.code, tookMs: performance.now() - startedMs };
}

describe('Postgres stops answering, its connections stay open', () => {
  test('cached joins go on, every other answer comes clear and within a second, and all is normal afterwards', async () => {
    const room = await product.api.makeRoom({ slug: 'cached' });
    const open = await product.api.makeRoom({ slug: 'lounge', access: 'public' });
    const cold = await product.api.makeRoom({ slug: 'cold' });
    for (const { id } of [room, open]) expect((await product.api.join(id)).status).toBe(200);

    postgres.freeze();
    const joins: number[] = [];
    const statuses = new Set<number>();
    const until = performance.now() + 6_000;
    while (performance.now() < until) {
      const startedMs = performance.now();
      const byKey = await product.api.join(room.id);
      const byGuest = await product.api.join(open.id, { displayName: 'Ada' }, { key: null });
      joins.push((performance.now() - startedMs) / 2);
      statuses.add(byKey.status).add(byGuest.status);
      expect(byKey.body.session.epoch).toBe(1);
    }
    expect([...statuses]).toEqual([200]);
    expect(joins.length).toBeGreaterThan(20);

    const others = await Promise.all([
      answered('POST', '/v1/rooms', { body: {} }),
      answered('GET', '/v1/rooms'),
      answered('PATCH', `/v1/rooms/${room.id}`, { body: { name: 'x' } }),
      answered('DELETE', `/v1/rooms/${room.id}`),
      answered('POST', `/v1/rooms/${cold.id}/join`, { body: {} }),
      answered('POST', `/v1/rooms/${room.id}/end`),
      answered('GET', '/v1/ops/audit', { key: product.opsKey }),
    ]);
    for (const { status, code, tookMs } of others) {
      expect([status, code]).toEqual([503, 'dependency.unavailable']);
      expect(tookMs).toBeLessThan(CLEAR_ANSWER_MS);
    }
    expect((await answered('GET', '/healthz', { key: null })).status).toBe(200);
    expect((await answered('GET', '/readyz', { key: null })).status).toBe(503);

    postgres.thaw();
    await eventually(async () => expect((await answered('GET', '/readyz', { key: null })).status).toBe(200), { timeoutMs: 5_000 });
    expect((await answered('GET', `/v1/rooms/${room.id}`)).status).toBe(200);
    expect((await product.api.join(cold.id)).status).toBe(200);
    const grants = await eventually(async () => {
      const rows = await product.platform.unitOfWork.db.joinGrant.count();
      expect(rows).toBeGreaterThanOrEqual(joins.length * 2);
      return rows;
    });
    console.log(`${joins.length * 2} cached joins in 6 s of a stopped Postgres; ${grants} grants written afterwards`);
  });
});
