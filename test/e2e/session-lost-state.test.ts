import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { type TestDatabase, createTestDatabase } from '../support/test-database.ts';
import { type LiveKitPair, startLiveKitPair } from '../support/test-livekit.ts';
import { type TestProduct, startTestProduct } from '../support/test-product.ts';
import { realRegion } from '../support/test-regions.ts';
import { enter, enterOrThrow } from './session-client.ts';
import { type SecondNode, addNode, roomsOn } from './session-second-node.ts';

const PATIENCE = { timeoutMs: 60_000, everyMs: 250 };

let database: TestDatabase;
let product: TestProduct;
/** Regions by what befalls them; each test has its own, so that they may run side by side. */
let regions: Record<'cluster' | 'crashed' | 'drained' | 'redis' | 'forgetful' | 'steady', LiveKitPair>;
let second: SecondNode;

beforeAll(async () => {
  database = await createTestDatabase();
  const port = await freePort();
  const webhookUrl = (id: string): string => `http://127.0.0.1:${port}/webhooks/livekit/${id}`;
  const pair = (regionId: string): Promise<LiveKitPair> => startLiveKitPair({ regionId, webhookUrl: webhookUrl(regionId) });
  const [cluster, crashed, drained, redis, forgetful, steady] = await Promise.all([
    pair('cluster'), pair('crashed'), pair('drained'), pair('redis'), pair('forgetful'), pair('steady'),
  ]);
  regions = { cluster, crashed, drained, redis, forgetful, steady };
  second = await addNode(cluster, webhookUrl('cluster'));
  product = await startTestProduct({
    port,
    databaseUrl: database.url,
    environment: { MERIDIAN_DEPARTURE_TIMEOUT: '3s' },
    regions: Object.values(regions).map((each) => ({ id: each.regionId, document: realRegion('eu-fra', each, { id: each.regionId }).document })),
  });
}, 60_000);

afterAll(async () => {
  await product.stop();
  await second.kill();
  for (const each of Object.values(regions)) {
    await each.kill();
    await each.redis.kill();
  }
  await database.drop();
});

const join = (room: string, body: Record<string, unknown> = {}) => product.api.join(room, body);
const isAccepting = async (region: string): Promise<boolean> => (await product.api.call('GET', `/healthz/regions/${region}`, { key: null })).status === 200;

/** A new room that had best go to this region, and may go to the steady one. */
async function roomThatMayGoElsewhere(region: string): Promise<string> {
  return (await product.api.makeRoom({ region: { mode: 'pinned', id: region, fallback: 'nearest' }, residency: { regions: [region, 'steady'] } })).id;
}

async function roomIn(region: string, body: Record<string, unknown> = {}): Promise<string> {
  const { id } = await product.api.makeRoom({ region: { mode: 'pinned', id: region }, ...body });
  expect((await join(id)).body).toMatchObject({ region: { id: region }, session: { epoch: 1 } });
  return id;
}

async function sessionsOf(room: string): Promise<{ epoch: number; region: string; close_reason: string | null; hidden_at: Date | null; inside: number }[]> {
  return database.query('SELECT * FROM session WHERE room_id = $1 ORDER BY epoch', [room]);
}

const closings = async (room: string): Promise<(string | null)[]> => (await sessionsOf(room)).map(({ close_reason }) => close_reason);

/** As after half a minute in which their nodes said nothing: the time at which they are asked. */
async function quietForLong(rooms: readonly string[]): Promise<void> {
  await database.query("UPDATE session SET node_sign_at = now() - interval '31 seconds' WHERE room_id = ANY($1)", [rooms]);
}

const listed = async (region: string): Promise<string[]> => (await product.composition.regions.gatewayOf(region).listRooms()).map(({ name }) => name);

describe.concurrent('a region of real LiveKit servers', () => {
  test('S1-07 that loses one of its nodes stays healthy, and the rooms of that node reopen under the next epoch', async () => {
    const rooms: string[] = [];
    while (rooms.length < 8) rooms.push(await roomIn('cluster'));
    const [onFirst, onSecond] = [await roomsOn(regions.cluster), await roomsOn(second)];
    expect(onFirst + onSecond).toBe(8);
    const wasOut: boolean[] = [];
    const watching = new AbortController();
    const watch = (async () => {
      while (!watching.signal.aborted) {
        if (!(await isAccepting('cluster'))) wasOut.push(true);
        await delay(200);
      }
    })();
    // The API that we ask is the first node's; the second one holds rooms only.
    await second.kill();
    await quietForLong(rooms);
    const lost = async (): Promise<string[]> => {
      const reasons = await Promise.all(rooms.map(async (room) => ({ room, reasons: await closings(room) })));
      return reasons.filter(({ reasons: each }) => each[0] === 'lost').map(({ room }) => room);
    };
    const dead = await eventually(async () => {
      const found = await lost();
      expect(found).toHaveLength(onSecond);
      return found;
    }, PATIENCE);
    watching.abort();
    await watch;
    expect(wasOut, 'the region never was out').toEqual([]);
    for (const room of dead) expect((await join(room)).body).toMatchObject({ region: { id: 'cluster' }, session: { epoch: 2 } });
    for (const room of rooms.filter((each) => !dead.includes(each))) expect(await closings(room)).toEqual([null]);
    const [reopened] = dead;
    if (reopened) {
      const { body } = await join(reopened);
      await (await enterOrThrow(body.serverUrl, body.participantToken)).leave();
    }
    await eventually(async () => {
      const names = await listed('cluster');
      expect(names.filter((name) => dead.some((room) => name === `${room}.1`)), 'ghosts are removed').toEqual([]);
    }, PATIENCE);
  });

  test('S4-14 that was killed and came back at once: a meeting whose people return goes on, one without them is lost', async () => {
    const kept = await roomIn('crashed');
    const left = await roomIn('crashed');
    const entry = (await join(kept)).body;
    for (const room of [kept, left]) {
      const { body } = await join(room);
      const client = await enterOrThrow(body.serverUrl, body.participantToken);
      await eventually(async () => expect((await sessionsOf(room))[0]?.inside).toBe(1));
      await client.kill();
    }
    await regions.crashed.kill();
    await regions.crashed.restart();
    // LiveKit takes the old node for dead after 5 s; until then nobody gets in.
    const back = await eventually(() => enterOrThrow(entry.serverUrl, entry.participantToken), PATIENCE);
    await quietForLong([kept, left]);
    await eventually(async () => expect(await closings(left)).toEqual(['lost']), PATIENCE);
    expect(await closings(kept)).toEqual([null]);
    expect((await join(kept)).body).toMatchObject({ session: { epoch: 1 } });
    const old = (await join(left)).body;
    expect(old).toMatchObject({ session: { epoch: 2 } });
    await eventually(async () => expect(await listed('crashed')).not.toContain(`${left}.1`), PATIENCE);
    await back.leave();
  });

  test('that drains (SIGTERM) keeps its meeting and takes no new room', async () => {
    const live = await roomIn('drained');
    const { body } = await join(live);
    const client = await enterOrThrow(body.serverUrl, body.participantToken);
    regions.drained.terminate();
    // It is draining as soon as it refuses to make a room.
    const gateway = product.composition.regions.gatewayOf('drained');
    const asked = { name: 'is.it-draining', emptyTimeoutSeconds: 1, departureTimeoutSeconds: 1 };
    await eventually(() => expect(gateway.createRoom(asked)).rejects.toThrow('could not find any available nodes'), PATIENCE);
    const room = await roomThatMayGoElsewhere('drained');
    const startedMs = performance.now();
    expect((await join(room)).body).toMatchObject({ region: { id: 'steady' } });
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    const again = await join(live);
    expect(again.body).toMatchObject({ region: { id: 'drained' }, session: { epoch: 1 } });
    const another = await enterOrThrow(again.body.serverUrl, again.body.participantToken);
    await another.leave();
    await client.leave();
    // The last word of a server that goes; where it is lost, a look or the silence of the region ends the session.
    await eventually(async () => expect((await closings(live))[0]).toBe('finished'), PATIENCE);
  });

  test('whose Redis stops is left by new rooms within 3 s, and keeps its meetings', async () => {
    const room = await roomIn('redis');
    const { body } = await join(room);
    const client = await enterOrThrow(body.serverUrl, body.participantToken);
    await eventually(async () => expect((await sessionsOf(room))[0]?.inside).toBe(1));

    await regions.redis.redis.kill();
    const other = await roomThatMayGoElsewhere('redis');
    const startedMs = performance.now();
    expect((await join(other)).body).toMatchObject({ region: { id: 'steady' } });
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect((await join(room)).body, 'it still gets tokens').toMatchObject({ region: { id: 'redis' }, session: { epoch: 1 } });
    await regions.redis.redis.restart();
    await eventually(async () => expect(await isAccepting('redis')).toBe(true), PATIENCE);
    expect((await join(room)).body, 'and is the same meeting afterwards').toMatchObject({ session: { epoch: 1 } });
    await client.leave();
    await eventually(async () => expect(await closings(room)).toEqual(['finished']), PATIENCE);
  });

  test('whose Redis comes back empty hides its meetings, and we give no token for them', async () => {
    const room = await roomIn('forgetful');
    const { body } = await join(room);
    const client = await enterOrThrow(body.serverUrl, body.participantToken);
    // LiveKit writes the count some seconds later, and the whole room with it: only then is it written down no more.
    const gateway = product.composition.regions.gatewayOf('forgetful');
    await eventually(async () => expect(await gateway.listRooms([`${room}.1`])).toMatchObject([{ participants: 1 }]), PATIENCE);
    await regions.forgetful.redis.flush();
    await eventually(async () => expect((await sessionsOf(room))[0]?.hidden_at).not.toBeNull(), PATIENCE);
    const refused = await join(room);
    expect([refused.status, refused.body.code, refused.body.region]).toEqual([503, 'dependency.unavailable', 'forgetful']);
    expect(await enter(body.serverUrl, body.participantToken)).toMatchObject({ refusal: expect.stringContaining('404') });
    expect(await closings(room)).toEqual([null]);
    // Its people still meet. When the last one goes LiveKit ends it, and the room reopens.
    await client.leave();
    await eventually(async () => expect((await join(room)).body).toMatchObject({ session: { epoch: 2 } }), PATIENCE);
  });
});
