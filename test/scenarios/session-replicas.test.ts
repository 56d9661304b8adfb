import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import type { TestProduct } from '../support/test-product.ts';
import { GERMANY, type SessionStage, openStage } from './session-stage.ts';

/** The age that Postgres' last word may have when a token is signed. */
const FRESH_MS = 1_000;

let stage: SessionStage;
let here: TestProduct;
let there: TestProduct;

beforeAll(async () => {
  stage = await openStage({ replicas: 2 });
  [here, there] = stage.products as [TestProduct, TestProduct];
}, 60_000);
afterAll(() => stage.close());

const newRoom = async (body: Record<string, unknown> = {}): Promise<string> => (await here.api.makeRoom(body)).id;
const epochOf = ({ body }: Answer): number => body.session?.epoch;

/** Both replicas have the room's live session in their memory. */
async function knownToBoth(body: Record<string, unknown> = {}): Promise<string> {
  const room = await newRoom(body);
  for (const product of [here, there, here, there]) expect(epochOf(await product.api.join(room, {}, { from: GERMANY }))).toBe(1);
  return room;
}

describe('a session that ended at another replica', () => {
  test('S1-05 gets no token a second later, whatever this replica remembers, and none ever after the next epoch was seen', async () => {
    for (let round = 0; round < 2; round += 1) {
      const room = await knownToBoth();
      expect((await there.api.call('POST', `/v1/rooms/${room}/end`)).status).toBe(202);
      const endedMs = performance.now();
      expect(epochOf(await there.api.join(room))).toBe(2);
      const seen: { epoch: number; askedMs: number }[] = [];
      while (performance.now() - endedMs < FRESH_MS * 1.5) {
        const askedMs = performance.now() - endedMs;
        seen.push({ epoch: epochOf(await here.api.join(room)), askedMs });
      }
      expect(seen.filter(({ epoch, askedMs }) => epoch !== 2 && askedMs > FRESH_MS)).toEqual([]);
      const epochs = seen.map(({ epoch }) => epoch);
      expect(epochs).toEqual([...epochs].sort());
    }
  });

  test('is left at once by whoever takes a seat in it: a seat is taken in Postgres', async () => {
    const room = await knownToBoth({ maxParticipants: 50 });
    await there.api.call('POST', `/v1/rooms/${room}/end`);
    await there.api.join(room);
    expect(epochOf(await here.api.join(room))).toBe(2);
  });

  test('is known as over by the replica that ended it with its own answer', async () => {
    const room = await knownToBoth();
    await here.api.call('POST', `/v1/rooms/${room}/end`);
    expect(epochOf(await here.api.join(room))).toBe(2);
  });
});

describe('a session that opened at another replica', () => {
  test('is doubted like any other: found hidden, it gives no token', async () => {
    const room = await newRoom();
    // This replica remembers the room from before it was ever opened.
    expect((await here.api.call('POST', `/v1/rooms/${room}/join`, { key: null, body: { displayName: 'x' } })).status).toBe(401);
    expect(epochOf(await there.api.join(room))).toBe(1);
    await stage.database.query('UPDATE session SET hidden_at = now() WHERE room_id = $1', [room]);
    const { status, body } = await here.api.join(room);
    expect([status, body.code]).toEqual([503, 'dependency.unavailable']);
  });
});

describe('what closes a session closes its LiveKit room too', () => {
  const livekitRooms = async (): Promise<string[]> => (await Promise.all([stage.roomsIn('eu-fra'), stage.roomsIn('us-iad')])).flat().map(({ name }) => name);

  test('when the room is deleted', async () => {
    const room = await knownToBoth();
    expect((await here.api.call('DELETE', `/v1/rooms/${room}`)).status).toBe(204);
    expect((await stage.sessionsOf(room)).map(({ close_reason }) => close_reason)).toEqual(['room-deleted']);
    expect((await here.api.join(room)).status).toBe(404);
    await eventually(async () => expect((await there.api.join(room)).status).toBe(404), { timeoutMs: FRESH_MS });
    await eventually(async () => expect(await livekitRooms()).not.toContain(`${room}.1`), { timeoutMs: 10_000 });
  });

  test('B-04 when its residency does not allow the region any more, and the next epoch is inside', async () => {
    const room = await knownToBoth();
    const { status } = await here.api.call('PATCH', `/v1/rooms/${room}`, { body: { residency: { jurisdictions: ['US'] } } });
    expect(status).toBe(200);
    expect((await stage.sessionsOf(room)).map(({ close_reason }) => close_reason)).toEqual(['residency']);
    expect((await here.api.join(room, {}, { from: GERMANY })).body).toMatchObject({ region: { id: 'us-iad' }, session: { epoch: 2 } });
    await eventually(async () => expect(await livekitRooms()).not.toContain(`${room}.1`), { timeoutMs: 10_000 });
  });

  test('when it is ended by hand, also while it opens', async () => {
    const room = await newRoom();
    await stage.region('eu-fra').control('PUT', 'fault', { mode: 'slow', delayMs: 250, methods: ['CreateRoom'], times: 1 });
    const joining = here.api.join(room, {}, { from: GERMANY });
    await eventually(async () => expect(await stage.sessionsOf(room)).toHaveLength(1), { everyMs: 5 });
    expect((await there.api.call('POST', `/v1/rooms/${room}/end`)).status).toBe(202);
    expect(epochOf(await joining), 'who was about to enter opens the next').toBe(2);
    expect((await stage.sessionsOf(room)).map(({ close_reason }) => close_reason)).toEqual(['ended', null]);
    expect(await stage.eventTypesOf(room), 'the first never was live').toEqual(['session.opened']);
    await eventually(async () => expect(await livekitRooms()).not.toContain(`${room}.1`), { timeoutMs: 10_000 });
  });

  test('and is told by webhook when LiveKit ends it by itself', async () => {
    const room = await newRoom({ emptyTimeoutSeconds: 2 });
    expect(epochOf(await here.api.join(room))).toBe(1);
    await eventually(async () => expect((await stage.sessionsOf(room)).map(({ close_reason }) => close_reason)).toEqual(['finished']), { timeoutMs: 8_000 });
  });
});

describe('the last seats of a room', () => {
  test('go to exactly as many callers as there are, over two replicas, and to nobody twice', async () => {
    const SEATS = 10;
    const room = await newRoom({ maxParticipants: SEATS });
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? here : there).api.join(room, { identity: `caller-${index}` })),
    );
    const admitted = answers.filter((answer) => answer.status === 200);
    const refused = answers.filter((answer) => answer.status !== 200);
    expect(admitted).toHaveLength(SEATS);
    expect(new Set(refused.map((answer) => `${answer.status} ${answer.body.code}`))).toEqual(new Set(['409 room.full']));
    const [first] = admitted;
    const again = await here.api.join(room, { identity: first?.body.identity.slice('k:'.length) });
    expect(again.status, 'who has a seat keeps it').toBe(200);
    expect((await there.api.join(room, { identity: 'one-more' })).body.code).toBe('room.full');
  });

  test('are not taken by recorders or agents', async () => {
    const room = await newRoom({ maxParticipants: 1 });
    const { body } = await here.api.join(room, { identity: 'ada' });
    const [session] = await stage.sessionsOf(room);
    await stage.database.query("UPDATE join_grant SET at = now() - interval '1 minute' WHERE session_id = $1", [session?.id]);
    await stage.database.query('UPDATE session SET last_sign_at = now() WHERE id = $1', [session?.id]);
    await stage.region(body.region.id).enter(await recorderToken(body.region.id, `${room}.1`));
    await eventually(async () => expect((await stage.roomsIn(body.region.id)).find(({ name }) => name === `${room}.1`)?.participants).toHaveLength(1));
    expect((await there.api.join(room, { identity: 'bob' })).status).toBe(200);
    expect((await stage.sessionsOf(room))[0]?.inside).toBe(0);
  });
});

async function recorderToken(region: 'eu-fra' | 'us-iad', room: string): Promise<string> {
  const { AccessToken } = await import('livekit-server-sdk');
  const { key, secret } = stage.region(region);
  const token = new AccessToken(key, secret, { identity: 'EG_recorder' });
  token.addGrant({ roomJoin: true, room, recorder: true, hidden: true });
  token.kind = 'egress';
  return token.toJwt();
}
