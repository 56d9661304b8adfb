import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import type { PlaceId } from '../support/test-regions.ts';
import { GERMANY, type SessionStage, UNITED_STATES, openStage } from './session-stage.ts';

const ROOMS = 50;
const JOINS_EACH = 20;
const ROOMS_AT_ONCE = 10;
const PLACES = ['eu-fra', 'us-iad', 'ap-sin'] as const;
const JAPAN = '202.12.27.33';
const CONTINENTS = [GERMANY, UNITED_STATES, JAPAN];

let stage: SessionStage;

beforeAll(async () => {
  stage = await openStage({ regions: PLACES, replicas: 2 });
}, 60_000);
afterAll(() => stage.close());

/** Mulberry32: the same seed gives the same faults, so that a failure can be looked at again. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** CreateRoom of every region is slow, hangs, fails or works, by chance and for a few calls each. */
async function spoil(random: () => number, signal: AbortSignal): Promise<void> {
  const faults = [
    { mode: 'slow', delayMs: 50 }, { mode: 'slow', delayMs: 250 }, { mode: 'slow', delayMs: 350 }, { mode: 'slow', delayMs: 700 },
    { mode: 'slow', delayMs: 1_200 }, { mode: 'hang' }, { mode: 'unavailable' }, { mode: 'refuse' }, { mode: 'garbage' },
  ];
  const calm = 9;
  while (!signal.aborted) {
    for (const place of PLACES) {
      const fault = faults[Math.floor(random() * (faults.length + calm))];
      if (fault) await stage.region(place).control('PUT', 'fault', { ...fault, methods: ['CreateRoom'], times: 1 + Math.floor(random() * 3) });
      else await stage.region(place).control('DELETE', 'fault');
    }
    await delay(random() * 60);
  }
  for (const place of PLACES) await stage.region(place).control('DELETE', 'fault');
}

async function untilAllAccept(): Promise<void> {
  for (const product of stage.products) {
    for (const place of PLACES) {
      await eventually(async () => expect((await product.api.call('GET', `/healthz/regions/${place}`, { key: null })).status).toBe(200), { timeoutMs: 20_000 });
    }
  }
}

interface Join {
  readonly room: string;
  readonly answer: Answer;
}

/** Ten rooms at a time, so that the machine is not what is tested; within them everybody comes at about once. */
async function joinAll(rooms: readonly string[], random: () => number): Promise<Join[]> {
  const joins: Join[] = [];
  for (let at = 0; at < rooms.length; at += ROOMS_AT_ONCE) {
    const callers = rooms.slice(at, at + ROOMS_AT_ONCE).flatMap((room) => Array.from({ length: JOINS_EACH }, () => room));
    joins.push(...(await Promise.all(callers.map((room, index) => joinAfter(random() * 500, room, index)))));
  }
  return joins;
}

async function joinAfter(delayMs: number, room: string, index: number): Promise<Join> {
  await delay(delayMs);
  const product = stage.products[index % 2] ?? stage.product;
  const answer = await product.api.join(room, {}, { from: CONTINENTS[index % CONTINENTS.length] ?? GERMANY, timeoutMs: 30_000 });
  return { room, answer };
}

/** Where an answer sends its caller: the token says it, and the answer must say the same. */
function placeOf({ body }: Answer): string {
  const [, claims = ''] = body.participantToken.split('.');
  const { video } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  expect(video.room).toBe(`${body.room.id}.${body.session.epoch}`);
  return `${body.session.id} ${video.room} ${body.region.id} ${body.serverUrl}`;
}

async function expectOnePlaceEach(rooms: readonly string[], joins: readonly Join[]): Promise<void> {
  for (const room of rooms) {
    const admitted = joins.filter((join) => join.room === room && join.answer.status === 200);
    expect(new Set(admitted.map(({ answer }) => placeOf(answer))).size, `places of ${room}`).toBeLessThanOrEqual(1);
    const sessions = await stage.sessionsOf(room);
    const live = sessions.filter(({ live_at }) => live_at !== null);
    expect(live.length, `sessions of ${room} that ever were live`).toBeLessThanOrEqual(1);
    expect(new Set(admitted.map(({ answer }) => answer.body.session.id)), 'a token is for a session that was live').toEqual(new Set(admitted.length > 0 ? [live[0]?.id] : []));
    expect(sessions.map(({ epoch }) => epoch), 'epochs only grow, without a gap').toEqual(sessions.map((_, index) => index + 1));
  }
}

async function livekitRooms(place: PlaceId): Promise<string[]> {
  return (await stage.roomsIn(place)).map(({ name }) => `${name} ${place}`);
}

describe('many callers join many new rooms over two replicas while regions fail under them', () => {
  test.each([1, 2])('S1-05 B-06 every room is opened once, in one region, under one epoch, and no token is for a session that never was live (seed %i)', async (seed) => {
    await untilAllAccept();
    const rooms: string[] = [];
    while (rooms.length < ROOMS) rooms.push((await stage.product.api.makeRoom()).id);
    const stop = new AbortController();
    const spoiling = spoil(randomOf(seed), stop.signal);
    const startedMs = performance.now();
    const joins = await joinAll(rooms, randomOf(seed + 1_000)).finally(() => stop.abort());
    const tookMs = Math.round(performance.now() - startedMs);
    await spoiling;

    const refused = joins.filter(({ answer }) => answer.status !== 200);
    expect(new Set(refused.map(({ answer }) => `${answer.status} ${answer.body.code}`))).toSatisfy((codes: Set<string>) =>
      [...codes].every((code) => code === '503 placement.no-region' || code === '503 dependency.unavailable'));
    await expectOnePlaceEach(rooms, joins);

    // Once the regions are well again, every room can be entered, and is where it was.
    const later = await Promise.all(rooms.map((room) => eventually(async () => {
      const answer = await stage.product.api.join(room, {}, { from: GERMANY });
      expect(answer.status).toBe(200);
      return { room, answer };
    }, { timeoutMs: 20_000, everyMs: 200 })));
    await expectOnePlaceEach(rooms, [...joins, ...later]);
    const tried = await stage.database.query('SELECT FROM session WHERE room_id = ANY($1)', [rooms]);
    console.log(`seed ${seed}: ${joins.length} joins in ${tookMs} ms, ${refused.length} refused while any CreateRoom could fail, ${tried.length} sessions tried for ${ROOMS} rooms`);
  });

  test('B-06 and whatever was made too late, or twice, is removed from LiveKit', async () => {
    await eventually(async () => {
      const open = await stage.database.query<{ name: string }>("SELECT room_id || '.' || epoch || ' ' || region AS name FROM session WHERE closed_at IS NULL");
      const listed = (await Promise.all(PLACES.map(livekitRooms))).flat();
      expect(listed.sort()).toEqual(open.map(({ name }) => name).sort());
    }, { timeoutMs: 30_000, everyMs: 250 });
  });
});
