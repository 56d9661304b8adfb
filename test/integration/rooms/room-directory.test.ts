import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Freshness, createFreshness } from '../../../src/coordination/freshness.ts';
import { type Generations, createGenerations } from '../../../src/coordination/generation.ts';
import { type RoomId, makeId } from '../../../src/kernel/ids.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { type HotQueries, createHotQueries } from '../../../src/platform/database/hot-queries.ts';
import { COMMAND_BUDGETS, type Connections, connectDatabase } from '../../../src/platform/database/prisma-client.ts';
import { createUnitOfWork } from '../../../src/platform/database/unit-of-work.ts';
import { type RoomDirectory, createRoomDirectory } from '../../../src/rooms/room-directory.ts';
import { createRoomDirectoryStore } from '../../../src/rooms/room-directory-store.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';

const DEFAULTS = { access: 'restricted', emptyTimeoutSeconds: 300, minEmptyTimeoutSeconds: 60 } as const;

/** One process: its own polls and memory, over statements that a test can count, hold and cut off. */
interface Replica {
  readonly directory: RoomDirectory;
  readonly freshness: Freshness;
  readonly generations: Generations;
  /** Names of the statements that were run, polls left out. */
  readonly reads: string[];
  cutOff: boolean;
  gate: Promise<void> | undefined;
}

let database: TestDatabase;
let connections: Connections;
let here: Replica;
let there: Replica;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectDatabase({ url: new Secret(database.url), poolSize: 6, budgets: COMMAND_BUDGETS });
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  here = startReplica();
  there = startReplica();
  await eventually(() => expect(here.freshness.lastGoodMs() && there.freshness.lastGoodMs()).toBeDefined());
});
afterEach(() => Promise.all([here.freshness.stop(), there.freshness.stop()]));

function startReplica(): Replica {
  const inner = createHotQueries(connections);
  const replica = { reads: [] as string[], cutOff: false, gate: undefined as Promise<void> | undefined };
  const hot: HotQueries = {
    rows: async (query, values) => {
      if (replica.cutOff) throw Object.assign(new Error('cut off'), { code: 'ECONNREFUSED' });
      const rows = await inner.rows<never>(query, values);
      if (!query.name.startsWith('room_by')) return rows;
      replica.reads.push(query.name);
      await replica.gate;
      return rows;
    },
  };
  const freshness = createFreshness({ ...systemClock, onChange: () => {} });
  const generations = createGenerations({ hot, freshness });
  const directory = createRoomDirectory({ store: createRoomDirectoryStore(hot), freshness, generations, clock: systemClock, defaults: DEFAULTS });
  void freshness.start();
  return Object.assign(replica, { directory, freshness, generations });
}

async function insertRoom(slug: string, tenantId = 'default'): Promise<RoomId> {
  const id = makeId('room');
  await database.query(`INSERT INTO room (id, tenant_id, slug, name, settings, created_by) VALUES ($1, $2, $3, $3, '{"maxParticipants": 7}', 'test')`, [id, tenantId, slug]);
  return id;
}

async function openSession(roomId: RoomId, epoch: number): Promise<string> {
  const id = makeId('session');
  await database.query(
    `INSERT INTO session (id, room_id, tenant_id, epoch, region, decision_id, empty_timeout_seconds, departure_timeout_seconds, live_at)
     VALUES ($1, $2, 'default', $3, 'eu-fra', 'dec_1', 300, 20, now())`, [id, roomId, epoch]);
  return id;
}

const slugName = (): string => `s-${randomBytes(4).toString('hex')}`;
const ONE_SECOND = { timeoutMs: 1_000, everyMs: 20 };

test('a room is read in one statement, by slug or id, and then comes from memory for as long as polls are good', async () => {
  const slug = slugName();
  const id = await insertRoom(slug);
  const sessionId = await openSession(id, 4);
  const entry = await here.directory.find('default', slug);
  expect(entry).toMatchObject({ room: { id, slug }, session: { id: sessionId, epoch: 4, region: 'eu-fra', live_at: expect.any(Date), livekit_sid: null } });
  expect(entry?.effective.maxParticipants).toEqual({ value: 7, source: 'room' });
  expect(here.reads).toEqual(['room_by_slug']);
  const seenAt = here.freshness.lastGoodMs() ?? 0;
  await eventually(() => expect(here.freshness.lastGoodMs()).toBeGreaterThan(seenAt + 1_500));
  // The same object, and no promise: what nobody changed was not even read again.
  expect(here.directory.find('default', slug)).toBe(entry);
  expect(here.directory.find('default', id)).toBe(entry);
  expect(here.directory.get(id)).toBe(entry);
  expect(here.reads).toEqual(['room_by_slug']);
});

test('a foreign, a deleted and an absent room are not found', async () => {
  const slug = slugName();
  const id = await insertRoom(slug);
  expect(await here.directory.find('other', id)).toBeUndefined();
  expect(await here.directory.find('other', slug)).toBeUndefined();
  expect(await here.directory.find('default', 'never-was')).toBeUndefined();
  expect(await here.directory.get(makeId('room'))).toBeUndefined();
  await database.query('UPDATE room SET deleted_at = now(), updated_at = now(), revision = revision + 1 WHERE id = $1', [id]);
  await eventually(async () => expect(await here.directory.find('default', id)).toBeUndefined(), ONE_SECOND);
});

test('a change made by another process is seen within a second: the room, its deletion, a closed session, the tenant\'s policy', async () => {
  const slug = slugName();
  const id = await insertRoom(slug);
  const sessionId = await openSession(id, 1);
  expect((await there.directory.find('default', slug))?.session?.id).toBe(sessionId);

  await database.query(`UPDATE room SET name = 'Renamed', revision = revision + 1, updated_at = now() WHERE id = $1`, [id]);
  await eventually(async () => expect((await there.directory.find('default', slug))?.room.name).toBe('Renamed'), ONE_SECOND);
  await database.query(`UPDATE session SET closed_at = now(), close_reason = 'ended' WHERE id = $1`, [sessionId]);
  await eventually(async () => expect((await there.directory.find('default', slug))?.session).toBeNull(), ONE_SECOND);
  await createUnitOfWork(connections).run(async ({ db }) => {
    await db.$executeRaw`UPDATE tenant SET policy = '{"access": "trusted"}', revision = revision + 1 WHERE id = 'default'`;
    await here.generations.bump(db, 'tenants');
  });
  await eventually(async () => expect((await there.directory.find('default', slug))?.effective.access).toEqual({ value: 'trusted', source: 'tenant' }), ONE_SECOND);
  await database.query('UPDATE room SET deleted_at = now(), updated_at = now(), revision = revision + 1 WHERE id = $1', [id]);
  const heir = await insertRoom(slug);
  await eventually(async () => expect((await there.directory.find('default', slug))?.room.id).toBe(heir), ONE_SECOND);
});

test('a change that commits seconds after it was stamped is not missed', async () => {
  const id = await insertRoom(slugName());
  await there.directory.get(id);
  await database.query(`BEGIN; UPDATE room SET name = 'Late', revision = revision + 1, updated_at = now() WHERE id = '${id}'; SELECT pg_sleep(2); COMMIT`);
  await eventually(async () => expect((await there.directory.get(id))?.room.name).toBe('Late'), ONE_SECOND);
});

test('a slug that moved to another room leads there at once in the process that was told', async () => {
  const slug = slugName();
  const id = await insertRoom(slug);
  await here.directory.find('default', slug);
  await database.query(`UPDATE room SET slug = $2, revision = revision + 1, updated_at = now() WHERE id = $1`, [id, slugName()]);
  const heir = await insertRoom(slug);
  here.directory.invalidate(id);
  expect((await here.directory.find('default', slug))?.room.id).toBe(heir);
});

test('a read that began before an invalidation answers its caller and is not kept', async () => {
  const slug = slugName();
  const id = await insertRoom(slug);
  for (const find of [() => here.directory.find('default', slug), () => here.directory.read(id), () => here.directory.get(id)]) {
    here.directory.invalidate(id);
    let open = (): void => {};
    here.gate = new Promise((resolve) => (open = resolve));
    const before = here.reads.length;
    const running = Promise.resolve(find());
    await eventually(() => expect(here.reads.length).toBeGreaterThan(before));
    await database.query(`UPDATE room SET name = name || '+', revision = revision + 1 WHERE id = $1`, [id]);
    here.directory.invalidate(id);
    open();
    here.gate = undefined;
    const old = await running;
    expect((await here.directory.get(id))?.room.revision).toBe((old?.room.revision ?? 0) + 1);
  }
});

test('cut off from Postgres, what was confirmed goes on and what was invalidated does not', async () => {
  const [kept, dropped] = [slugName(), slugName()];
  await insertRoom(kept);
  const droppedId = await insertRoom(dropped);
  const entry = await here.directory.find('default', kept);
  await here.directory.find('default', dropped);
  here.cutOff = true;
  await eventually(() => expect(here.freshness.isCutOff()).toBe(true));
  expect((await here.directory.read(droppedId))?.room.id).toBe(droppedId);
  expect((await here.directory.find('default', dropped))?.room.id).toBe(droppedId);
  here.directory.invalidate(droppedId);
  await expect(async () => here.directory.get(droppedId)).rejects.toMatchObject({ code: 'dependency.unavailable' });
  expect(await here.directory.find('default', kept)).toBe(entry);
});
