import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';
import { type ProductProcess, type ProductProcessOptions, runCli, spawnProduct } from './product-process.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function newDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  cleanups.push(() => database.drop());
  return database;
}

async function spawnOne(options: ProductProcessOptions): Promise<ProductProcess> {
  const product = await spawnProduct(options);
  cleanups.push(() => product.kill());
  return product;
}

/** A way to a Postgres that is cut until it is opened. */
async function startProxy(behind: URL): Promise<{ readonly url: string; open(): void }> {
  let isOpen = false;
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    if (!isOpen) {
      socket.destroy();
      return;
    }
    const onward = net.connect(Number(behind.port), behind.hostname).on('error', () => {});
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => void server.close());
  const ahead = new URL(behind);
  ahead.host = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  return { url: ahead.href, open: () => void (isOpen = true) };
}

describe('a process that starts', () => {
  it('names the port that is taken, and ends with 1', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    cleanups.push(() => void taken.close());
    const { port } = taken.address() as net.AddressInfo;
    const product = await spawnOne({ databaseUrl: (await newDatabase()).url, port });
    expect(await product.untilEnd()).toBe(1);
    expect(product.output()).toContain(`Meridian could not start: Port ${port} on 127.0.0.1 is taken.`);
  });

  it('ends with 78 and names every problem of its configuration at once, and no value', async () => {
    const secret = 'canary-5f1c';
    const product = await spawnOne({
      databaseUrl: `mysql://root:${secret}@localhost/x`,
      environment: { MERIDIAN_MASTER_KEY: `k1:${secret}`, MERIDIAN_ROLE: 'leader', MERIDIAN_PUBLIC_URL: `https://me:${secret}@meet.example`, MERIDIAN_TYPO: secret },
    });
    expect(await product.untilEnd()).toBe(78);
    expect(product.output()).toContain('The configuration has 5 problem(s):');
    for (const name of ['DATABASE_URL', 'MERIDIAN_MASTER_KEY', 'MERIDIAN_ROLE', 'MERIDIAN_PUBLIC_URL', 'MERIDIAN_TYPO']) {
      expect(product.output()).toContain(`- ${name}: `);
    }
    expect(product.output()).not.toContain(secret);
  });

  it('waits for a Postgres that is away: alive, not ready, everything else refused; ready when it comes', async () => {
    const database = await newDatabase();
    const proxy = await startProxy(new URL(database.url));
    const product = await spawnOne({ databaseUrl: proxy.url });
    await eventually(async () => expect((await product.api.call('GET', '/healthz', { key: null })).status).toBe(200), { timeoutMs: 10_000 });
    const ready = await product.api.call('GET', '/readyz', { key: null });
    expect(ready.status).toBe(503);
    expect(ready.body).toMatchObject({ status: 'starting', checks: { postgres: { ok: false } } });
    const refused = await product.api.call('GET', '/v1/regions', { key: null, headers: { origin: 'https://app.example' } });
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: 'dependency.unavailable' });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');

    proxy.open();
    await product.untilReady();
    expect((await product.api.call('GET', '/v1/regions', { key: null })).status).toBe(200);
  });

  it('ends with 0 when it is told to while it still waits for Postgres', async () => {
    const product = await spawnOne({ databaseUrl: `postgresql://nobody@127.0.0.1:${await freePort()}/none` });
    await eventually(() => expect(product.output()).toContain('waiting for the database'), { timeoutMs: 10_000 });
    product.signal('SIGTERM');
    expect(await product.untilEnd()).toBe(0);
  });

  it('says that the schema is older than the release, and goes on by itself once it is migrated', async () => {
    const database = await newDatabase();
    await database.query(`DROP SCHEMA public CASCADE`);
    await database.query(`CREATE SCHEMA public`);
    const product = await spawnOne({ databaseUrl: database.url });
    const ready = await eventually(
      async () => {
        const answer = await product.api.call('GET', '/readyz', { key: null });
        expect(answer.body.checks.schema.detail).toContain('run "meridian migrate"');
        return answer;
      },
      { timeoutMs: 10_000 },
    );
    expect(ready.status).toBe(503);
    expect(ready.body.checks.schema).toMatchObject({ ok: false, detail: expect.stringContaining('20261121000000_foundation') });
    await runCli(database.url, 'migrate');
    await product.untilReady();
  });

  it('serves beside a schema that a newer release made, and says so', async () => {
    const database = await newDatabase();
    await database.query(`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '29990101000000_future', now())`);
    const product = await spawnOne({ databaseUrl: database.url });
    await product.untilReady();
    const { body } = await product.api.call('GET', '/readyz', { key: null });
    expect(body.checks.schema).toEqual({ ok: true, detail: 'newer than this release: 29990101000000_future' });
  });

  it('refuses the database of another deployment', async () => {
    const database = await newDatabase();
    const product = await spawnOne({ databaseUrl: database.url, environment: { MERIDIAN_DEPLOYMENT_ID: 'elsewhere' } });
    expect(await product.untilEnd()).toBe(1);
    expect(product.output()).toContain('not to elsewhere (MERIDIAN_DEPLOYMENT_ID)');
  });

  it('S0-13 without Redis says at the start and in /readyz that it is safe for a single replica only, and serves', async () => {
    const product = await spawnOne({ databaseUrl: (await newDatabase()).url });
    await product.untilReady();
    expect(product.output()).toMatch(/"level":"warn".*no REDIS_URL: in-process fall-backs only, which is safe for a single replica and no more/);
    const { status, body } = await product.api.call('GET', '/readyz', { key: null });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'ready', checks: { redis: { ok: true, detail: expect.stringContaining('single replica only') } } });
  });

  it('with a Redis that is away says so, is ready though degraded, and serves', async () => {
    const product = await spawnOne({ databaseUrl: (await newDatabase()).url, redisUrl: `redis://127.0.0.1:${await freePort()}` });
    await product.untilReady();
    const { body } = await product.api.call('GET', '/readyz', { key: null });
    expect(body).toMatchObject({ status: 'degraded', checks: { redis: { ok: false } } });
    expect((await product.api.call('GET', '/v1/regions', { key: null })).status).toBe(200);
    expect(product.output().match(/redis is away/g)).toHaveLength(1);
  });

  it('ignores LIVEKIT_* variables and warns once, since keys belong to regions', async () => {
    const product = await spawnOne({ databaseUrl: (await newDatabase()).url, redisUrl: inject('redisUrl'), environment: { LIVEKIT_API_KEY: 'APIx', LIVEKIT_API_SECRET: 'canary-77aa' } });
    await product.untilReady();
    expect(product.output().match(/LIVEKIT_\* variables are set and ignored/g)).toHaveLength(1);
    expect(product.output()).not.toContain('canary-77aa');
  });
});
