import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LivekitFailure } from '../../../src/platform/livekit/livekit-failure.ts';
import type { LivekitGateway } from '../../../src/platform/livekit/livekit-gateway.ts';
import type { LivekitParticipant } from '../../../src/platform/livekit/livekit-message.ts';
import type { Logger } from '../../../src/platform/telemetry/logger.ts';
import { createPresence } from '../../../src/sessions/presence.ts';
import { createSessionClosing } from '../../../src/sessions/session-closing.ts';
import type { SessionRegions } from '../../../src/sessions/session-ports.ts';
import { type SessionReconciler, createSessionReconciler } from '../../../src/sessions/session-reconciler.ts';
import { createSessionVerdicts } from '../../../src/sessions/session-verdict.ts';
import { type Session, livekitRoomName } from '../../../src/sessions/session.ts';
import { type StoredSessions, startStoredSessions } from './stored-sessions.ts';

let stored: StoredSessions;
let reconciler: SessionReconciler;
/** The region as it answers, and what it was asked. */
let region: { rooms: Map<string, number>; people: Partial<LivekitParticipant>[]; node: (room: string) => 'answers' | 'silent'; healthy: boolean; away: boolean; asked: string[] };

beforeAll(async () => {
  stored = await startStoredSessions();
});
afterAll(() => stored.close());
beforeEach(async () => {
  await stored.database.query("UPDATE session SET closed_at = now(), close_reason = 'ended' WHERE closed_at IS NULL");
  region = { rooms: new Map(), people: [], node: () => 'answers', healthy: true, away: false, asked: [] };
  reconciler = reconcilerOf();
});

function reconcilerOf(): SessionReconciler {
  const quiet = { warn: () => {}, debug: () => {} } as unknown as Logger;
  const gateway: Partial<LivekitGateway> = {
    listRooms: async () => {
      if (region.away) throw new LivekitFailure({ kind: 'trouble', method: 'ListRooms', code: 'timeout', message: 'no answer' });
      return [...region.rooms].map(([name, participants]) => ({ name, participants, sid: 'RM_1' }) as never);
    },
    listParticipants: async (room) => {
      region.asked.push(`people ${room}`);
      return region.people as never;
    },
    probeRoomNode: async (room) => {
      region.asked.push(`node ${room}`);
      return region.node(room);
    },
  };
  const regions = { gatewayOf: () => gateway as LivekitGateway, isHealthy: () => region.healthy } as unknown as SessionRegions;
  const rooms = { invalidate: () => {} };
  const closing = createSessionClosing({ unitOfWork: stored.unitOfWork, rooms, regions: { gatewayOf: () => undefined }, announce: () => {} });
  const verdicts = createSessionVerdicts({ unitOfWork: stored.unitOfWork, closing, regions, rooms, logger: quiet });
  return createSessionReconciler({ unitOfWork: stored.unitOfWork, regions, presence: createPresence(stored), closing, verdicts, logger: quiet });
}

const round = () => reconciler.reconcile('eu-fra', new AbortController().signal);
const ago = (seconds: number): Date => new Date(Date.now() - seconds * 1_000);
const calm = { live_at: ago(120), node_sign_at: ago(5), participants_read_at: ago(5) };

/** An open session whose LiveKit room is listed with as many people as we know. */
async function listed(changes: Record<string, unknown> = {}): Promise<Session> {
  const session = await stored.openSession({ ...calm, ...changes });
  region.rooms.set(livekitRoomName(session), session.inside);
  return session;
}

describe('a listed room', () => {
  test('is heard of by the list alone while its node has spoken and the numbers agree', async () => {
    const session = await listed({ last_sign_at: ago(20) });
    await round();
    expect(region.asked).toEqual([]);
    expect((await stored.reread(session)).lastSignAt?.getTime()).toBeGreaterThan(Date.now() - 5_000);
  });

  test('has its node asked after 30 s of silence, and its people read when the count differs or was not read for 30 s', async () => {
    const quiet = await listed({ node_sign_at: ago(31) });
    const differs = await listed();
    region.rooms.set(livekitRoomName(differs), 3);
    const unread = await listed({ participants_read_at: ago(31) });
    await round();
    expect(region.asked.toSorted()).toEqual([`node ${livekitRoomName(quiet)}`, `people ${livekitRoomName(differs)}`, `people ${livekitRoomName(unread)}`].toSorted());
    expect((await stored.reread(quiet)).nodeSignAt?.getTime()).toBeGreaterThan(Date.now() - 5_000);
  });

  test('counts only people who are there: no recorder, no agent, nobody who has disconnected', async () => {
    const session = await listed();
    region.rooms.set(livekitRoomName(session), 4);
    const one = { kind: 'standard', state: 'active', name: '', attributes: {}, joinedAt: undefined } as const;
    region.people = [
      { ...one, sid: 'PA_1', identity: 'g:1' },
      { ...one, sid: 'PA_2', identity: 'g:2', state: 'disconnected' },
      { ...one, sid: 'PA_3', identity: 'EG_1', kind: 'egress' },
      { ...one, sid: 'PA_4', identity: 'a:1', kind: 'agent' },
    ];
    await round();
    expect((await stored.reread(session)).inside).toBe(1);
  });

  test('is lost when its node is silent twice, 10 s apart, and kept when it answers in between', async () => {
    const session = await listed({ node_sign_at: ago(31) });
    region.node = () => 'silent';
    await round();
    await round();
    expect(await stored.reread(session)).toMatchObject({ closedAt: null, silentAt: expect.any(Date) });
    region.node = () => 'answers';
    await round();
    expect((await stored.reread(session)).silentAt).toBeNull();

    region.node = () => 'silent';
    await stored.database.query("UPDATE session SET node_sign_at = now() - interval '31 seconds', silent_at = now() - interval '10 seconds' WHERE id = $1", [session.id]);
    await round();
    expect(await stored.reread(session)).toMatchObject({ closeReason: 'lost' });
  });

  test('is judged in a healthy region only', async () => {
    const session = await listed({ node_sign_at: ago(31), silent_at: ago(60) });
    const absent = await stored.openSession({ ...calm, inside: 2 });
    const empty = await stored.openSession(calm);
    region.node = () => 'silent';
    region.healthy = false;
    await round();
    for (const each of [session, absent, empty]) expect((await stored.reread(each)).closedAt).toBeNull();
    region.healthy = true;
    await round();
    expect((await Promise.all([session, absent, empty].map((each) => stored.reread(each)))).map(({ closeReason }) => closeReason)).toEqual(['lost', 'absent', 'absent']);
  });

  test('has its node asked once after the region was in trouble, whatever it said before', async () => {
    const session = await listed();
    await round();
    region.away = true;
    region.healthy = false;
    await expect(round()).rejects.toThrow();
    region.away = false;
    await round();
    expect(region.asked, 'not while it is not healthy').toEqual([]);
    region.healthy = true;
    await round();
    await round();
    expect(region.asked).toEqual([`node ${livekitRoomName(session)}`]);
  });
});

describe('a room that is not listed', () => {
  test('is over when nobody was known inside, and hidden when its node answers for people who were', async () => {
    const empty = await stored.openSession(calm);
    const meeting = await stored.openSession({ ...calm, inside: 2, doubtful_at: ago(1) });
    await round();
    expect(await stored.reread(empty)).toMatchObject({ closeReason: 'absent' });
    expect(await stored.reread(meeting)).toMatchObject({ closedAt: null, hiddenAt: expect.any(Date), doubtfulAt: null });
    region.rooms.set(livekitRoomName(meeting), 2);
    await round();
    expect(await stored.reread(meeting)).toMatchObject({ closedAt: null, hiddenAt: null });
  });

  test('is left alone when it became live after the list was asked for', async () => {
    const session = await stored.openSession({ live_at: new Date(Date.now() + 60_000) });
    await round();
    expect((await stored.reread(session)).closedAt).toBeNull();
  });
});

describe('a session that is opening', () => {
  test('is given up after a minute, also while the region is away, and not announced', async () => {
    const old = await stored.openSession({ live_at: null, livekit_sid: null, opened_at: ago(61) });
    const young = await stored.openSession({ live_at: null, livekit_sid: null, opened_at: ago(50) });
    region.away = true;
    await expect(round()).rejects.toThrow();
    expect(await stored.reread(old)).toMatchObject({ closeReason: 'create-failed' });
    expect((await stored.reread(young)).closedAt).toBeNull();
    expect(await stored.eventsOf(old)).toEqual([]);
  });
});

test('one room that cannot be looked at holds up no other', async () => {
  const broken = await Promise.all(Array.from({ length: 9 }, () => listed({ node_sign_at: ago(31) })));
  const fine = await stored.openSession(calm);
  region.node = (room) => {
    if (broken.some((session) => livekitRoomName(session) === room)) throw new LivekitFailure({ kind: 'trouble', method: 'SendData', code: 'timeout', message: 'no answer' });
    return 'answers';
  };
  await round();
  expect(await stored.reread(fine)).toMatchObject({ closeReason: 'absent' });
});
