import { afterEach, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';
import { type TestProduct, startTestProduct } from '../../support/test-product.ts';
import { type RedisServer, startRedisServer } from '../../support/test-redis.ts';

let database: TestDatabase;
let redis: RedisServer;
let product: TestProduct;
afterEach(async () => {
  redis.thaw();
  await product.stop();
  await redis.kill();
  await database.drop();
});

it('GET /readyz sees a Redis that hangs with its connections open, goes on without it, and sees it come back', async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startRedisServer()]);
  product = await startTestProduct({ databaseUrl: database.url, redisUrl: redis.url });
  const readRedis = async () => {
    const { status, body } = await product.api.call('GET', '/readyz');
    return { status, ...body.checks.redis };
  };
  await eventually(async () => expect(await readRedis()).toMatchObject({ status: 200, ok: true }));
  redis.freeze();
  expect(await readRedis()).toEqual({ status: 200, ok: false, detail: 'away: going on without it' });
  redis.thaw();
  await eventually(async () => expect(await readRedis()).toMatchObject({ status: 200, ok: true }));
});
