import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { Secret } from '../../../src/kernel/secret.ts';
import { migrate } from '../../../src/platform/database/migrator.ts';
import { deliver, eventBody, genuine, REGIONS } from '../../api/inbound/delivery.ts';
import { startInboundApp, type InboundApp } from '../../api/inbound/inbound-app.ts';
import { startPostgresServer, type PostgresServer } from '../../support/test-database.ts';

describe('the inbound ledger without Postgres', () => {
  let postgres: PostgresServer;
  let app: InboundApp;
  beforeAll(async () => {
    postgres = await startPostgresServer();
    await migrate(new Secret(postgres.url), new URL('../../../prisma/migrations', import.meta.url).pathname);
    app = await startInboundApp({ databaseUrl: postgres.url, regions: REGIONS });
  });
  afterAll(async () => {
    await app?.close();
    postgres?.kill();
  });

  const countRows = async (): Promise<number> => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const { rows } = await client.query<{ n: number }>('SELECT count(*)::int AS n FROM inbound_event');
    await client.end();
    return rows[0]?.n ?? -1;
  };

  it('B-10 answers 503 within a second while Postgres hangs, and stores the same event afterwards', async () => {
    const bodies = Array.from({ length: 20 }, () => eventBody('room_started'));
    expect((await deliver(app.url, genuine(eventBody('room_started')))).status).toBe(200);
    postgres.freeze();
    const started = performance.now();
    const refused = await Promise.all(bodies.map((body) => deliver(app.url, genuine(body))));
    const tookMs = performance.now() - started;
    postgres.thaw();
    expect(refused.map(({ status }) => status)).toEqual(bodies.map(() => 503));
    expect(['1', '2']).toContain(refused[0]?.headers['retry-after']);
    expect(JSON.parse(refused[0]?.text ?? '')).toMatchObject({ code: 'dependency.unavailable' });
    expect(tookMs).toBeLessThan(1_000);

    const again = await Promise.all(bodies.map((body) => deliver(app.url, genuine(body))));
    expect(again.map(({ status }) => status)).toEqual(bodies.map(() => 200));
    expect(await countRows()).toBe(bodies.length + 1);
  });
});
