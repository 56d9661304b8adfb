import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createInboundClaimStore } from '../../../src/inbound/inbound-claim-store.ts';
import { MAX_ATTEMPTS } from '../../../src/inbound/inbound-event.ts';
import type { LivekitHandler, StoredWebhook } from '../../../src/platform/livekit/livekit-handler.ts';
import { connectDatabase, type Connections } from '../../../src/platform/database/prisma-client.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { deliverAsLivekit, eventBody, genuine, REGIONS } from '../../api/inbound/delivery.ts';
import { startInboundApp, type InboundApp } from '../../api/inbound/inbound-app.ts';
import { eventually } from '../../support/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

interface Row {
  readonly event_id: string;
  readonly state: string;
  readonly error: string | null;
  readonly attempt: number;
  readonly owner: string | null;
  readonly waits: number;
}

describe('the inbound ledger', () => {
  let database: TestDatabase;
  const apps: InboundApp[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await database.query('DELETE FROM inbound_event');
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await database?.drop();
  });

  async function start(owner: string, handlers: readonly LivekitHandler[]): Promise<InboundApp> {
    const app = await startInboundApp({ databaseUrl: database.url, regions: REGIONS, handlers, owner });
    apps.push(app);
    return app;
  }
  const rows = () =>
    database.query<Row & Record<string, unknown>>(
      `SELECT event_id, state, error, attempt, owner, extract(epoch FROM due_at - now())::float AS waits
       FROM inbound_event ORDER BY id`,
    );
  const handler = (events: readonly string[], handle: (webhook: StoredWebhook) => Promise<void>): LivekitHandler => ({
    name: 'test',
    events,
    handle,
  });

  it('B-10 hands each event to the handlers that want it, within the process that stored it, without waiting for a poll', async () => {
    const seen: string[] = [];
    const app = await start('a', [
      handler(['room_started', 'room_finished'], async ({ event }) => void seen.push(`rooms ${event.type}`)),
      handler(['room_finished'], async ({ event }) => void seen.push(`sessions ${event.type}`)),
    ]);
    for (const type of ['room_started', 'track_published', 'room_finished']) {
      expect((await deliverAsLivekit(app.url, genuine(eventBody(type)))).status).toBe(200);
    }
    await eventually(async () => expect((await rows()).map(({ state }) => state)).toEqual(['done', 'done', 'done']));
    expect(seen).toEqual(['rooms room_started', 'rooms room_finished', 'sessions room_finished']);
  });

  it('B-10 gives each stored event to one of several replicas, and all of them to somebody', async () => {
    const seen: string[] = [];
    const collect = (): LivekitHandler => handler(['room_started'], async ({ event }) => void seen.push(event.id));
    const replicas = [await start('a', [collect()]), await start('b', [collect()]), await start('c', [collect()])];
    const bodies = Array.from({ length: 300 }, () => eventBody('room_started'));
    const answers = await Promise.all(bodies.map((body, index) => deliverAsLivekit(replicas[index % 3]?.url ?? '', genuine(body))));
    const stored = answers.filter(({ status }) => status === 200).length;
    expect(stored).toBeGreaterThan(200);
    await eventually(
      async () => {
        await Promise.all(replicas.map((replica) => replica.poll()));
        expect((await rows()).filter(({ state }) => state === 'done')).toHaveLength(stored);
      },
      { timeoutMs: 10_000, everyMs: 200 },
    );
    expect(seen).toHaveLength(stored);
    expect(new Set(seen).size).toBe(stored);
  });

  it('B-10 tries an event again that a handler failed on, later each time, and keeps the reason without its tokens', async () => {
    let failures = 2;
    const app = await start('a', [
      handler(['room_started'], async () => {
        if (failures-- > 0) throw new Error('no way eyJhbGciOiJIUzI1NiJ9.e30.c2ln');
      }),
    ]);
    await deliverAsLivekit(app.url, genuine(eventBody('room_started')));
    await eventually(async () => expect(await rows()).toMatchObject([{ state: 'pending', attempt: 1, error: 'Error: no way [token]', owner: null }]));
    expect((await rows())[0]?.waits).toBeGreaterThan(0.3);
    await database.query('UPDATE inbound_event SET due_at = now()');
    await app.poll();
    await eventually(async () => expect(await rows()).toMatchObject([{ state: 'pending', attempt: 2, owner: null }]));
    expect((await rows())[0]?.waits).toBeGreaterThan(3);
    await database.query('UPDATE inbound_event SET due_at = now()');
    await app.poll();
    await eventually(async () => expect(await rows()).toMatchObject([{ state: 'done', error: null, attempt: 3 }]));
  });

  it('B-10 gives an event up as failed after its last attempt, also when each attempt took the process with it', async () => {
    const app = await start('a', [handler(['room_started'], async () => Promise.reject(new Error('never')))]);
    await deliverAsLivekit(app.url, genuine(eventBody('room_started')));
    await eventually(async () => expect(await rows()).toMatchObject([{ attempt: 1, owner: null }]));
    await database.query('UPDATE inbound_event SET due_at = now(), attempt = $1', [MAX_ATTEMPTS - 1]);
    await app.poll();
    await eventually(async () => expect(await rows()).toMatchObject([{ state: 'failed', error: 'Error: never' }]));
    await database.query("UPDATE inbound_event SET state = 'pending', due_at = now(), attempt = $1", [MAX_ATTEMPTS]);
    await app.poll();
    await eventually(async () =>
      expect(await rows()).toMatchObject([{ state: 'failed', error: 'given up: no attempt came to an end' }]),
    );
  });

  it('B-10 takes over what a dead replica had in hand when its lease ends, and heeds nothing that it writes later', async () => {
    const seen: string[] = [];
    const connections: Connections = connectDatabase({ url: new Secret(database.url), poolSize: 3 });
    const dead = createInboundClaimStore({ db: connections.prisma, owner: 'dead' });
    const app = await start('alive', []);
    await app.close();
    apps.splice(0);
    const quiet = await start('quiet', [handler(['room_started'], async ({ event }) => void seen.push(event.id))]);
    await database.query(
      `INSERT INTO inbound_event (id, region, event_id, type, fields, body)
       VALUES ('inb_1', 'eu-fra', 'EV_1', 'room_started', '{}', '{"id":"EV_1","event":"room_started"}')`,
    );
    const [claimed] = await dead.claim(10, 60_000);
    expect(claimed).toMatchObject({ id: 'inb_1', attempt: 1 });
    await quiet.poll();
    expect(seen).toEqual([]);
    await database.query("UPDATE inbound_event SET lease_until = now() - interval '1 second', due_at = now() - interval '1 second'");
    await quiet.poll();
    await eventually(async () => expect(await rows()).toMatchObject([{ state: 'done', attempt: 2 }]));
    expect(seen).toEqual(['EV_1']);
    await dead.settle([{ id: 'inb_1', attempt: 1, state: 'failed', error: 'late', retryAfterMs: 0 }]);
    expect(await rows()).toMatchObject([{ state: 'done', error: null, attempt: 2 }]);
    await connections.close();
  });

  it('keeps the order of one room\'s events that wait together', async () => {
    const seen: string[] = [];
    const types = ['room_started', 'participant_joined', 'participant_left', 'room_finished'];
    const values = types.map((type, index) => `('inb_${index}', 'eu-fra', 'EV_${index}', '${type}', '{}', '{"id":"EV_${index}","event":"${type}","room":{"name":"r.1"}}')`);
    await database.query(`INSERT INTO inbound_event (id, region, event_id, type, fields, body) VALUES ${values.join(',')}`);
    const app = await start('a', [handler(types, async ({ event }) => void seen.push(event.type))]);
    await app.poll();
    await eventually(() => expect(seen).toEqual(types));
  });

  it('works for other regions while one region has all its hands full', async () => {
    const done: string[] = [];
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const values = Array.from({ length: 120 }, (_, index) => `('inb_${1000 + index}', 'eu-fra', 'EV_${index}', 'room_started', '{}', '{"id":"EV_${index}","event":"room_started"}')`);
    await database.query(`INSERT INTO inbound_event (id, region, event_id, type, fields, body) VALUES ${values.join(',')}`);
    const app = await start('a', [
      handler(['room_started'], async ({ region }) => {
        if (region === 'eu-fra') await gate;
        done.push(region);
      }),
    ]);
    await app.poll();
    expect((await rows()).filter(({ owner }) => owner === 'a').length).toBeLessThan(80);
    const [us] = REGIONS['us-iad'] ?? [];
    await deliverAsLivekit(app.url, genuine(eventBody('room_started'), { key: us?.key ?? '', secret: us?.secret.reveal() ?? '' }, 'us-iad'));
    await eventually(() => expect(done).toEqual(['us-iad']));
    release();
    await eventually(async () => expect((await rows()).every(({ state }) => state === 'done')).toBe(true));
    expect(done).toHaveLength(121);
  });

  it('lets rooms not wait for one whose handler is slow', async () => {
    const done: string[] = [];
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const app = await start('a', [
      handler(['room_started'], async ({ event }) => {
        if (event.room?.name === 'slow.1') await gate;
        done.push(event.room?.name ?? '');
      }),
    ]);
    const started = (name: string): Buffer => eventBody('room_started', { room: { sid: 'RM_1', name } });
    await Promise.all(['slow.1', 'quick.1', 'quick.2'].map((name) => deliverAsLivekit(app.url, genuine(started(name)))));
    await eventually(() => expect(done.toSorted()).toEqual(['quick.1', 'quick.2']));
    release();
    await eventually(() => expect(done).toHaveLength(3));
  });
});
