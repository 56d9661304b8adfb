import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { getLiveKitServers } from '../support/test-livekit.ts';
import { type TestDatabase, createTestDatabase } from '../support/test-database.ts';
import { type TestProduct, startTestProduct } from '../support/test-product.ts';
import { realRegion } from '../support/test-regions.ts';
import { type Replica, startReplica } from '../support/test-replicas.ts';

const ROOMS = 50;
const CALLERS = 500;
/** Well-known addresses in Germany, the United States and Japan. */
const CONTINENTS = ['194.25.0.60', '128.8.10.90', '202.12.27.33'];

let database: TestDatabase;
let operator: TestProduct;
let replicas: Replica[];

beforeAll(async () => {
  database = await createTestDatabase();
  const [eu, us] = getLiveKitServers();
  // Makes regions and keys, and watches nothing: the replicas under test are processes of their own.
  operator = await startTestProduct({ databaseUrl: database.url, regions: [realRegion('eu-fra', eu), realRegion('us-iad', us)] });
  replicas = await Promise.all(
    ['api-1', 'api-2'].map((name) => startReplica({ name, databaseUrl: database.url, tenantKey: operator.tenantKey })),
  );
}, 60_000);

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.kill()));
  await operator.stop();
  await database.drop();
});

interface Join {
  readonly room: string;
  readonly answer: Answer | undefined;
}

/** One caller: the replica it reaches first, else the other, as behind a balancer. */
async function call(room: string, index: number): Promise<Join> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const replica = replicas[(index + attempt) % replicas.length];
    const from = CONTINENTS[index % CONTINENTS.length] ?? '';
    const answer = await replica?.api.join(room, { identity: `caller-${index}` }, { from }).catch(() => undefined);
    if (answer) return { room, answer };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { room, answer: undefined };
}

async function makeRooms(): Promise<string[]> {
  const made = await Promise.all(Array.from({ length: ROOMS }, () => operator.api.makeRoom()));
  return made.map(({ id }) => id as string);
}

function callAll(rooms: readonly string[]): Promise<Join[]> {
  return Promise.all(Array.from({ length: CALLERS }, (_, index) => call(rooms[index % ROOMS] ?? '', index)));
}

/** Everybody of a room got the same session, region and epoch, and Postgres knows of no other that was ever live. */
async function expectOneSessionEach(rooms: readonly string[], joins: readonly Join[]): Promise<void> {
  for (const room of rooms) {
    const answers = joins.filter((join) => join.room === room).map(({ answer }) => answer?.body);
    const places = new Set(answers.map(({ session, region }) => `${session.id} ${session.epoch} ${region.id}`));
    expect(places.size, `${room} in one place`).toBe(1);
  }
  const live = await database.query<{ sessions: number }>(
    'SELECT count(*)::int AS sessions FROM session WHERE room_id = ANY($1) AND live_at IS NOT NULL GROUP BY room_id',
    [rooms],
  );
  expect(live.map(({ sessions }) => sessions)).toEqual(rooms.map(() => 1));
}

describe('500 callers over two API processes join 50 new rooms at once from three continents', () => {
  test('S1-05 one session, one region, one epoch for each room, and no error', async () => {
    const rooms = await makeRooms();
    const startedMs = performance.now();
    const joins = await callAll(rooms);
    const tookMs = Math.round(performance.now() - startedMs);
    expect(joins.map(({ answer }) => answer?.status).filter((status) => status !== 200)).toEqual([]);
    await expectOneSessionEach(rooms, joins);
    const epochs = new Set(joins.map(({ answer }) => answer?.body.session.epoch));
    expect(epochs).toEqual(new Set([1]));
    console.log(`500 joins of 50 new rooms over two processes: ${tookMs} ms`);
  });

  test('S0-02 the same with API processes killed in the middle, and every room can be entered within 3 s', async () => {
    const rooms = await makeRooms();
    const joining = callAll(rooms);
    // Kills fall into the openings: each process dies twice while callers go on at the other.
    for (let round = 0; round < 4; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      const victim = replicas[round % 2];
      await victim?.kill();
      await victim?.start();
    }
    const joins = await joining;
    const refused = joins.filter(({ answer }) => answer?.status !== 200);
    expect(refused.map(({ answer }) => answer?.text)).toEqual([]);
    await expectOneSessionEach(rooms, joins);
    for (const [index, room] of rooms.entries()) {
      const startedMs = performance.now();
      const { answer } = await call(room, index);
      expect(answer?.status).toBe(200);
      expect(performance.now() - startedMs).toBeLessThan(3_000);
    }
  });

  test('B-06 no LiveKit room of an old or unknown epoch is left behind', async () => {
    const gateways = ['eu-fra', 'us-iad'].map((id) => operator.composition.regions.gatewayOf(id));
    await eventually(
      async () => {
        const listed = (await Promise.all(gateways.map((gateway) => gateway.listRooms()))).flat().map(({ name }) => name);
        const open = await database.query<{ name: string }>("SELECT room_id || '.' || epoch AS name FROM session WHERE closed_at IS NULL");
        const known = new Set(open.map(({ name }) => name));
        const mine = await database.query<{ id: string }>('SELECT id FROM room');
        const ids = new Set(mine.map(({ id }) => id));
        expect(listed.filter((name) => ids.has(name.split('.')[0] ?? '') && !known.has(name))).toEqual([]);
      },
      { timeoutMs: 30_000, everyMs: 500 },
    );
  });
});
