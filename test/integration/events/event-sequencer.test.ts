import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';

const SCRIPT = fileURLToPath(new URL('event-process.ts', import.meta.url));
const LOGS = ['log-a', 'log-b', 'log-c'];
const WRITERS = 3;
const EVENTS_OF_A_LANE = 42;
/** Four processes compile their modules first, which takes its time on a busy machine. */
const START_TIMEOUT_MS = 20_000;
/** A lane that shares its subjects gives up every seventh transaction; the two others none. */
const COMMITTED = WRITERS * (EVENTS_OF_A_LANE * 3 - EVENTS_OF_A_LANE / 7);

let database: TestDatabase;
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  for (const log of LOGS) {
    await database.query(`INSERT INTO room (id, tenant_id, slug, name, settings, created_by) VALUES ($1, 'default', $1, '', '{}', 'test')`, [`shared-${log}`]);
  }
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database.drop();
});

function start(role: 'sequencer' | 'writer', name: string): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, role, database.url, name, String(EVENTS_OF_A_LANE)], { stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return child;
}

interface Seen {
  readonly seq: number;
  readonly id: string;
  readonly data: { readonly at: number; readonly shared?: number };
  readonly subject_id: string;
}

/** Reads a log as a stream does: always what lies after the last place it saw. */
async function follow(log: string, seen: Seen[]): Promise<void> {
  const after = seen.at(-1)?.seq ?? 0;
  const rows = await database.query<Seen>('SELECT seq::int, id, data, subject_id FROM event WHERE log = $1 AND seq > $2 ORDER BY seq', [log, after]);
  seen.push(...rows);
}

test('readers see every committed event once, without a gap, while writers commit late and sequencers are killed and paused', async () => {
  const seen = new Map<string, Seen[]>(LOGS.map((log) => [log, []]));
  const [killed, paused, alsoKilled] = ['a', 'b', 'c', 'd'].map((name) => start('sequencer', name));
  await database.query(`INSERT INTO event (id, log, type, tenant_id, subject_kind, subject_id, data) VALUES ('first', 'log-a', 'test', 'log-a', 'lane', 'first', '{"at": 0}')`);
  await eventually(async () => {
    expect(await database.query(`SELECT 1 FROM event WHERE seq = 1`)).toHaveLength(1);
  }, { timeoutMs: START_TIMEOUT_MS });

  const writers = Array.from({ length: WRITERS }, (_, at) => start('writer', `w${at}`));
  let writing = true;
  const finished = Promise.all(writers.map((writer) => once(writer, 'exit'))).then((exits) => {
    writing = false;
    return exits.map(([code]) => code as number | null);
  });
  const trouble = (async () => {
    await delay(800);
    killed?.kill('SIGKILL');
    paused?.kill('SIGSTOP');
    await delay(1_500);
    alsoKilled?.kill('SIGKILL');
    paused?.kill('SIGCONT');
  })();
  while (writing) {
    for (const log of LOGS) await follow(log, seen.get(log) ?? []);
    await delay(5);
  }
  expect(await finished).toEqual(writers.map(() => 0));
  await trouble;

  await eventually(async () => {
    for (const log of LOGS) await follow(log, seen.get(log) ?? []);
    expect([...seen.values()].flat()).toHaveLength(COMMITTED + 1);
  }, { timeoutMs: 8_000 });
  for (const [log, events] of seen) {
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
    expect(await database.query('SELECT seq::int FROM event_counter WHERE log = $1', [log])).toEqual([{ seq: events.length }]);
    assertOrder(events);
  }
  expect(await database.query('SELECT 1 FROM event WHERE seq IS NULL')).toEqual([]);
}, 60_000);

/** A lane commits one after the other; the shared subject's row is locked before each append. */
function assertOrder(events: readonly Seen[]): void {
  const shared = events.map(({ data }) => data.shared).filter((revision) => revision !== undefined);
  expect(shared).toEqual([...shared].sort((a, b) => a - b));
  for (const lane of new Set(events.map(({ subject_id }) => subject_id))) {
    const order = events.filter(({ subject_id }) => subject_id === lane).map(({ data }) => data.at);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }
}
