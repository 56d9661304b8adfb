import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/kernel/clock.ts';
import { LivekitFailure, type LivekitFailureKind } from '../../../src/platform/livekit/livekit-failure.ts';
import type { LivekitGateway } from '../../../src/platform/livekit/livekit-gateway.ts';
import { type SessionCreation, createSessionCreation } from '../../../src/sessions/session-creation.ts';
import { createSessionStore } from '../../../src/sessions/session-store.ts';
import type { Session } from '../../../src/sessions/session.ts';
import { type StoredSessions, startStoredSessions } from './stored-sessions.ts';

let stored: StoredSessions;
/** What LiveKit does with each call, and what became of it here. */
let livekit: { createRoom: (timeoutMs: number) => Promise<{ sid: string }>; healthy: boolean; blamed: string[]; leftovers: string[]; running: number; most: number };

beforeAll(async () => {
  stored = await startStoredSessions();
});
afterAll(() => stored.close());
beforeEach(() => {
  livekit = { createRoom: async () => ({ sid: 'RM_made' }), healthy: true, blamed: [], leftovers: [], running: 0, most: 0 };
});

function creationOf(): SessionCreation {
  const createRoom: LivekitGateway['createRoom'] = async (_room, options) => {
    livekit.running += 1;
    livekit.most = Math.max(livekit.most, livekit.running);
    try {
      return (await livekit.createRoom(options?.timeoutMs ?? 0)) as never;
    } finally {
      livekit.running -= 1;
    }
  };
  return createSessionCreation({
    unitOfWork: stored.unitOfWork,
    monotonicMs: systemClock.monotonicMs,
    regions: {
      gatewayOf: (id) => (id === 'nowhere' ? undefined : ({ createRoom } as LivekitGateway)),
      isHealthy: () => livekit.healthy,
      noteFailure: (_region, { code }) => void livekit.blamed.push(code),
    },
    onLeftover: ({ id }) => void livekit.leftovers.push(id),
  });
}

const opening = (changes = {}): Promise<Session> => stored.openSession({ live_at: null, livekit_sid: null, ...changes });
const inMs = (ms: number): number => systemClock.monotonicMs() + ms;
const failing = (kind: LivekitFailureKind, code = 'x') => () => Promise.reject(new LivekitFailure({ kind, method: 'CreateRoom', code, message: 'said no' }));

describe('making the LiveKit room of an opening session', () => {
  test('makes it live with the room\'s sid, and announces it once however many made it', async () => {
    const session = await opening();
    const outcomes = await Promise.all([creationOf(), creationOf(), creationOf()].map((creation) => creation.create(session, inMs(2_800))));
    expect(outcomes.map(({ state }) => state)).toEqual(['live', 'live', 'live']);
    expect(await stored.reread(session)).toMatchObject({ livekitSid: 'RM_made', liveAt: expect.any(Date), nodeSignAt: expect.any(Date) });
    expect((await stored.eventsOf(session)).map(({ type }) => type)).toEqual(['session.opened']);
  });

  test('gives the call 800 ms at most, and what is left of the request where that is less', async () => {
    const given: number[] = [];
    livekit.createRoom = async (timeoutMs) => {
      given.push(Math.round(timeoutMs / 100) * 100);
      return { sid: 'RM_made' };
    };
    for (const leftMs of [2_800, 500, -1_000]) await creationOf().create(await opening(), inMs(leftMs));
    expect(given).toEqual([800, 500, 100]);
  });

  test.each<[LivekitFailureKind, string]>([['trouble', 'timeout'], ['trouble', 'unknown'], ['misconfigured', 'unauthenticated'], ['definite', 'invalid_argument']])(
    'a failure (%s %s) closes it unannounced, and is told to those who judge the region',
    async (kind, code) => {
      const session = await opening();
      livekit.createRoom = failing(kind, code);
      expect(await creationOf().create(session, inMs(2_800))).toMatchObject({ state: 'failed', failure: { code } });
      expect(await stored.reread(session)).toMatchObject({ closeReason: 'create-failed', liveAt: null });
      const [row] = await stored.database.query('SELECT cleanup_due_at FROM session WHERE id = $1', [session.id]);
      expect(row?.['cleanup_due_at'], 'it may still succeed late').not.toBeNull();
      expect(await stored.eventsOf(session)).toEqual([]);
      expect(livekit.blamed).toEqual([code]);
    },
  );

  test('a time-out of a call that we gave less than its time is no fault of the region', async () => {
    livekit.createRoom = failing('trouble', 'timeout');
    expect(await creationOf().create(await opening(), inMs(300))).toMatchObject({ state: 'failed' });
    expect(livekit.blamed).toEqual([]);
  });

  test('a failure is nothing when another\'s call has made it live', async () => {
    const session = await opening();
    livekit.createRoom = async () => {
      await createSessionStore(stored.unitOfWork.db).makeLive(session.id, 'RM_theirs');
      return failing('trouble')();
    };
    expect(await creationOf().create(session, inMs(2_800))).toMatchObject({ state: 'live', session: { livekitSid: 'RM_theirs' } });
    expect((await stored.reread(session)).closedAt).toBeNull();
  });

  test('a room that was made for a session closed meanwhile is left to be deleted', async () => {
    const session = await opening();
    livekit.createRoom = async () => {
      await createSessionStore(stored.unitOfWork.db).close(session.id, 'ended');
      return { sid: 'RM_late' };
    };
    expect(await creationOf().create(session, inMs(2_800))).toEqual({ state: 'closed' });
    expect(livekit.leftovers).toEqual([session.id]);
    expect((await stored.reread(session)).liveAt).toBeNull();
  });

  test('a region that is not in the configuration any more fails like one that was not asked', async () => {
    expect(await creationOf().create(await opening({ region: 'nowhere' }), inMs(2_800))).toMatchObject({ state: 'failed', failure: { kind: 'queued' } });
  });
});

describe('many at once in one region', () => {
  test('are called 16 at a time, each with its own 800 ms', async () => {
    const creation = creationOf();
    livekit.createRoom = () => new Promise((resolve) => setTimeout(() => resolve({ sid: 'RM_slow' }), 300));
    const sessions = await Promise.all(Array.from({ length: 64 }, () => opening()));
    const outcomes = await Promise.all(sessions.map((session) => creation.create(session, inMs(2_800))));
    expect(new Set(outcomes.map(({ state }) => state))).toEqual(new Set(['live']));
    expect(livekit.most).toBe(16);
  });

  test('who waited while the region was found in trouble does not ask it any more', async () => {
    const creation = creationOf();
    let calls = 0;
    livekit.createRoom = async () => {
      calls += 1;
      await new Promise((resolve) => setTimeout(resolve, 200));
      livekit.healthy = false;
      return failing('trouble', 'timeout')();
    };
    const sessions = await Promise.all(Array.from({ length: 40 }, () => opening()));
    const outcomes = await Promise.all(sessions.map((session) => creation.create(session, inMs(2_800))));
    expect(outcomes.filter(({ state }) => state === 'failed')).toHaveLength(40);
    expect(calls).toBe(16);
    expect(livekit.blamed, 'our own queue is nobody\'s fault').toHaveLength(16);
  });
});
