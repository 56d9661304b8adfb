import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createEventRetention } from '../../../src/events/event-retention.ts';
import { type EventSequenceStore, createEventSequenceStore } from '../../../src/events/event-sequence-store.ts';
import { createEventsModule } from '../../../src/events/events-module.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { createListen } from '../../../src/platform/database/database-listener.ts';
import { type Connections, connectDatabase } from '../../../src/platform/database/prisma-client.ts';
import { type UnitOfWork, createUnitOfWork } from '../../../src/platform/database/unit-of-work.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';

let database: TestDatabase;
let connections: Connections;
let unitOfWork: UnitOfWork;
let store: EventSequenceStore;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectDatabase({ url: new Secret(database.url), poolSize: 4 });
  unitOfWork = createUnitOfWork(connections);
  store = createEventSequenceStore(unitOfWork);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(() => database.query('TRUNCATE event, event_counter'));

async function append(...logs: readonly string[]): Promise<void> {
  for (const log of logs) {
    await unitOfWork.run((work) => work.appendEvent({ log, type: 'test', subject: { kind: 'test', id: 'x' }, data: {} }));
  }
}

const places = (log: string): Promise<{ seq: number | null }[]> =>
  database.query('SELECT seq::int FROM event WHERE log = $1 ORDER BY n', [log]);

/** Stamps the events of a log with ages in hours, in the order of their places. */
async function age(log: string, ...hours: readonly number[]): Promise<void> {
  for (const [at, hour] of hours.entries()) {
    await database.query(`UPDATE event SET at = now() - $1 * interval '1 hour' WHERE log = $2 AND seq = $3`, [hour, log, at + 1]);
  }
}

test('each log counts from one, in the order of insertion, whatever the size of the batch', async () => {
  await append('a', 'b', 'a', 'a', 'b');
  expect(await store.sequence(2)).toMatchObject({ count: 2 });
  expect(await store.sequence(2)).toMatchObject({ count: 2 });
  expect(await store.hasWaiting()).toBe(true);
  expect(await store.sequence(100)).toMatchObject({ count: 1, delaySeconds: expect.any(Number) });
  expect(await store.hasWaiting()).toBe(false);
  expect(await places('a')).toEqual([{ seq: 1 }, { seq: 2 }, { seq: 3 }]);
  expect(await places('b')).toEqual([{ seq: 1 }, { seq: 2 }]);
  expect(await store.sequence(100)).toEqual({ count: 0, delaySeconds: null });
});

test('an event that commits late gets the next place, not the one its insertion would have had', async () => {
  const late = new pg.Client({ connectionString: database.url });
  await late.connect();
  await late.query('BEGIN');
  await late.query(`INSERT INTO event (id, log, type, tenant_id, subject_kind, subject_id, data) VALUES ('late', 'a', 't', 'a', 'k', 'late', '{}')`);
  await append('a', 'a');
  await store.sequence(100);
  await late.query('COMMIT');
  await late.end();
  await store.sequence(100);
  expect(await places('a')).toEqual([{ seq: 3 }, { seq: 1 }, { seq: 2 }]);
});

test('while one process holds the lock another gives no places; when the holder is cut off half way nothing of it stays', async () => {
  await append('a', 'a');
  await store.sequence(1);
  const holder = new pg.Client({ connectionString: database.url });
  holder.on('error', () => {});
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT pg_advisory_xact_lock(5571590792205914417)');
  await holder.query(`UPDATE event_counter SET seq = seq + 1`);
  await holder.query(`UPDATE event SET seq = 2 WHERE seq IS NULL`);
  expect(await store.sequence(100)).toBeUndefined();
  const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await database.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
  await eventually(async () => expect(await store.sequence(100)).toMatchObject({ count: 1 }));
  expect(await places('a')).toEqual([{ seq: 1 }, { seq: 2 }]);
  expect(await database.query('SELECT seq::int FROM event_counter')).toEqual([{ seq: 2 }]);
});

test('the retention takes the old beginning of each log and leaves no hole, even where time stamps do not follow the places', async () => {
  await append('a', 'a', 'a', 'a', 'b', 'b', 'a');
  await store.sequence(6);
  await age('a', 9, 8, 1, 7);
  await age('b', 5, 4);
  const metrics = createMetrics({ withProcess: false });
  const retention = createEventRetention({ store, retentionSeconds: 6 * 3600, metrics });
  await retention.run(new AbortController().signal);
  // The second last is old and stands behind a young one; the last has no place yet.
  expect(await places('a')).toEqual([{ seq: 3 }, { seq: 4 }, { seq: null }]);
  expect(await places('b')).toEqual([{ seq: 1 }, { seq: 2 }]);
  expect(await metrics.render()).toContain('meridian_events_expired_total 2');
  await store.sequence(100);
  expect(await places('a')).toEqual([{ seq: 3 }, { seq: 4 }, { seq: 5 }]);
});

test('places come by the commit\'s own word, with no poll, and again after the listening connection was lost', async () => {
  const { service, schedules } = createEventsModule({
    unitOfWork,
    listen: createListen({ url: new Secret(database.url) }),
    retentionSeconds: 3600,
    metrics: createMetrics({ withProcess: false }),
    logger: createLogger({ level: 'silent', instance: 'test', role: 'all' }),
    random: () => 0,
  });
  const shutdown = new AbortController();
  // One run begins the listening; no scheduler repeats it.
  await schedules.find(({ name }) => name === 'event-sequencer')?.run(shutdown.signal);
  const listeners = (): Promise<{ pid: number }[]> =>
    database.query(`SELECT pid FROM pg_stat_activity WHERE application_name = 'meridian-listener' AND datname = current_database() AND query LIKE 'LISTEN%'`);
  const [first] = await eventually(async () => {
    const found = await listeners();
    expect(found).toHaveLength(1);
    return found;
  });
  await append('a');
  await eventually(async () => expect(await places('a')).toEqual([{ seq: 1 }]));
  await database.query('SELECT pg_terminate_backend($1)', [first?.pid]);
  await append('a');
  await eventually(async () => expect(await places('a')).toEqual([{ seq: 1 }, { seq: 2 }]), { timeoutMs: 8_000 });
  shutdown.abort();
  await service.sequencer.stop();
  await eventually(async () => expect(await listeners()).toEqual([]));
});
