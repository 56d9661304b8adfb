import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { sendRedisCommand } from '../../../infra/local/services/redis.mjs';
import { eventually } from '../../support/eventually.ts';
import { createTestDatabase, startPostgresServer } from '../../support/test-database.ts';
import { startLiveKitPair } from '../../support/test-livekit.ts';
import { getTestRedis, startRedisServer } from '../../support/test-redis.ts';

describe('a test database', () => {
  it('is migrated, and nobody else sees what is written to it', async () => {
    const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    const tables = await one.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
    );
    expect(tables.map(({ name }) => name)).toContain('_prisma_migrations');
    await one.query('CREATE TABLE mine (id int)');
    await expect(other.query('SELECT * FROM mine')).rejects.toThrow('does not exist');
    await Promise.all([one.drop(), other.drop()]);
  });
});

describe('a Postgres server of a test', () => {
  it('answers nobody while frozen, and everybody afterwards', async () => {
    const server = await startPostgresServer();
    const client = new pg.Client({ connectionString: server.url, query_timeout: 300 });
    await client.connect();
    server.freeze();
    await expect(client.query('SELECT 1')).rejects.toThrow('timeout');
    server.thaw();
    const again = new pg.Client({ connectionString: server.url });
    await again.connect();
    expect((await again.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await Promise.allSettled([client.end(), again.end()]);
    server.kill();
  });
});

describe('a Redis server of a test', () => {
  it('comes back with its data after a kill, and without after a flush', async () => {
    const server = await startRedisServer();
    await sendRedisCommand(server.port, 'SET key value');
    await server.kill();
    await expect(sendRedisCommand(server.port, 'PING')).rejects.toThrow('ECONNREFUSED');
    await server.restart();
    expect(await sendRedisCommand(server.port, 'GET key')).toContain('value');
    await server.flush();
    expect(await sendRedisCommand(server.port, 'GET key')).toBe('$-1\r\n');
  });

  it('is shared by the files of a run under prefixes of their own', () => {
    expect(getTestRedis().prefix).not.toBe(getTestRedis().prefix);
  });
});

describe('a LiveKit server of a test', () => {
  const heard: string[] = [];
  const listener = createServer((request, response) => {
    heard.push(request.url ?? '');
    response.end();
  }).listen(0, '127.0.0.1');
  afterAll(() => void listener.close());

  it('can be killed and comes back on the same address', async () => {
    const { port } = listener.address() as AddressInfo;
    const livekit = await startLiveKitPair({ regionId: 'eu-fra', webhookUrl: `http://127.0.0.1:${port}/hook` });
    const status = async (): Promise<number> => (await fetch(livekit.apiUrl)).status;
    expect(await status()).toBe(200);
    await livekit.kill();
    await expect(status()).rejects.toThrow();
    await livekit.restart();
    expect(await status()).toBe(200);
    await livekit.redis.kill();
    // It notices a lost Redis within 3 s.
    await eventually(async () => expect(await status()).toBe(406), { timeoutMs: 8_000 });
    await livekit.kill();
  });
});
