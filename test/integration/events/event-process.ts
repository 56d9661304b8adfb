import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createScheduler } from '../../../src/coordination/scheduler.ts';
import { createEventsModule } from '../../../src/events/events-module.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { createListen } from '../../../src/platform/database/database-listener.ts';
import { connectDatabase } from '../../../src/platform/database/prisma-client.ts';
import { createUnitOfWork } from '../../../src/platform/database/unit-of-work.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';

/** A process of the test's own: `sequencer` runs the product's schedules until it is killed, `writer` commits events. */
const [role = '', databaseUrl = '', name = '', count = '0'] = process.argv.slice(2);
const LONGEST_COMMIT_MS = 300;
const LOGS = ['log-a', 'log-b', 'log-c'];

function sequence(): void {
  const url = new Secret(databaseUrl);
  const { schedules } = createEventsModule({
    unitOfWork: createUnitOfWork(connectDatabase({ url, poolSize: 3 })),
    listen: createListen({ url }),
    retentionSeconds: 3600,
    metrics: createMetrics({ withProcess: false }),
    logger: createLogger({ level: 'silent', instance: name, role }),
    random: Math.random,
  });
  const leader = { hold: async () => undefined, release: async () => {}, leads: () => [], stop: async () => {} };
  createScheduler({
    schedules: schedules.filter(({ runs }) => runs === 'each'),
    leader,
    logger: createLogger({ level: 'silent', instance: name, role }),
    random: Math.random,
  }).start();
}

/** Each transaction locks its subject, appends, and takes its time to commit; every seventh is given up. */
async function write(lane: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  for (let at = 0; at < Number(count); at += 1) {
    await client.query('BEGIN');
    const log = LOGS[at % LOGS.length] ?? '';
    const { rows } = await client.query(`UPDATE room SET revision = revision + 1 WHERE slug = $1 RETURNING revision`, [`shared-${log}`]);
    await client.query(
      `INSERT INTO event (id, log, type, tenant_id, subject_kind, subject_id, data) VALUES ($1, $2, 'test', $2, 'lane', $3, $4)`,
      [`${lane}-${at}`, log, lane, { at, shared: rows[0].revision }],
    );
    if (Math.random() < 0.3) await delay(Math.random() * LONGEST_COMMIT_MS);
    await client.query(`SELECT pg_notify('meridian_event', '')`);
    await client.query(at % 7 === 6 ? 'ROLLBACK' : 'COMMIT');
  }
  await client.end();
}

/** Events of no shared subject: nothing holds them in one order, so that they commit out of the order of insertion. */
async function writeFree(lane: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  for (let at = 0; at < Number(count); at += 1) {
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO event (id, log, type, tenant_id, subject_kind, subject_id, data) VALUES ($1, $2, 'test', $2, 'lane', $3, $4)`,
      [`${lane}-${at}`, LOGS[at % LOGS.length], lane, { at }],
    );
    if (Math.random() < 0.5) await delay(Math.random() * LONGEST_COMMIT_MS);
    await client.query('COMMIT');
  }
  await client.end();
}

if (role === 'sequencer') sequence();
else await Promise.all([write(`${name}-x`), writeFree(`${name}-y`), writeFree(`${name}-z`)]);
