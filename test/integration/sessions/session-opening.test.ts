import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/kernel/clock.ts';
import { type RoomId, makeId } from '../../../src/kernel/ids.ts';
import type { CreationOutcome } from '../../../src/sessions/session-creation.ts';
import { type OpeningAsk, type SessionOpening, createSessionOpening } from '../../../src/sessions/session-opening.ts';
import type { PlacementDecision, RoomState } from '../../../src/sessions/session-ports.ts';
import { createSessionStore } from '../../../src/sessions/session-store.ts';
import type { Session } from '../../../src/sessions/session.ts';
import { type StoredSessions, startStoredSessions } from './stored-sessions.ts';

const ASK: OpeningAsk = {
  placement: { address: '203.0.113.1', trustedPeer: false, header: () => undefined, clientRegion: null, latencies: [], avoidRegion: null },
  roomConfig: {},
  by: { actor: 'test', requestId: 'test' },
};

let stored: StoredSessions;
/** What surrounds an opening: decisions, creations, and how often each was asked for. */
let world: {
  decide: (failed: readonly string[]) => Partial<PlacementDecision>;
  create: (session: Session) => Promise<CreationOutcome>;
  decisions: string[][];
  refreshes: number;
};

beforeAll(async () => {
  stored = await startStoredSessions();
  for (const region of ['eu-fra', 'us-iad', 'ap-sin', 'sa-gru']) {
    await stored.database.query("INSERT INTO region (id, revision, document) VALUES ($1, 7, '{}')", [region]);
  }
});
afterAll(() => stored.close());
beforeEach(() => {
  world = { decide: () => ({ winner: 'eu-fra', winnerRevision: 7 }), create: makeLive, decisions: [], refreshes: 0 };
});

async function makeLive(session: Session): Promise<CreationOutcome> {
  const live = await createSessionStore(stored.unitOfWork.db).makeLive(session.id, 'RM_1');
  return live ? { state: 'live', session: live } : { state: 'closed' };
}

async function failCreate(session: Session): Promise<CreationOutcome> {
  await createSessionStore(stored.unitOfWork.db).failCreate(session.id);
  return { state: 'failed', failure: {} as never };
}

async function makeRoom(): Promise<RoomId> {
  const id = makeId('room');
  await stored.database.query("INSERT INTO room (id, tenant_id, slug, name, settings, created_by, revision) VALUES ($1, 'default', $1, '', '{}', 'test', 3)", [id]);
  return id;
}

async function stateOf(roomId: RoomId): Promise<RoomState> {
  const session = await createSessionStore(stored.unitOfWork.db).findOpen(roomId);
  const [tenant] = await stored.database.query<{ revision: number }>("SELECT revision FROM tenant WHERE id = 'default'");
  return {
    roomId, tenantId: 'default', roomName: '', roomRevision: 3, tenantRevision: tenant?.revision ?? 0, emptyTimeoutSeconds: 300, maxParticipants: null, agents: [],
    session: session ?? null, readAtMs: 0,
  };
}

function opener(): SessionOpening {
  return createSessionOpening({
    unitOfWork: stored.unitOfWork,
    clock: systemClock,
    departureTimeoutSeconds: 20,
    regions: { refresh: async () => void (world.refreshes += 1) },
    rooms: { get: stateOf, refresh: stateOf, invalidate: () => {}, expire: () => {} },
    placements: {
      decide: async (_room, _ask, failed) => {
        world.decisions.push([...failed]);
        return { id: makeId('decision'), winner: null, rule: 'geoip', reason: '', refusal: null, winnerRevision: 0, candidates: [], ...world.decide(failed) };
      },
      store: async () => {},
    },
    creation: { create: (session) => world.create(session) },
  });
}

const open = (roomId: RoomId, budgetMs = 2_800) => opener().open(roomId, ASK, systemClock.monotonicMs() + budgetMs);
const epochsOf = (roomId: RoomId) => stored.database.query('SELECT epoch, region, close_reason FROM session WHERE room_id = $1 ORDER BY epoch', [roomId]);

describe('opening', () => {
  test('is done once for all callers of a process, and told as a decision to the one who made it', async () => {
    const roomId = await makeRoom();
    const opening = opener();
    const opened = await Promise.all(Array.from({ length: 20 }, () => opening.open(roomId, ASK, systemClock.monotonicMs() + 2_800)));
    expect(new Set(opened.map(({ session }) => session.id)).size).toBe(1);
    expect(opened.filter(({ decision }) => decision !== undefined)).toHaveLength(1);
    expect(world.decisions).toHaveLength(1);
  });

  test('S1-05 by twenty processes at once makes one session and one epoch', async () => {
    const roomId = await makeRoom();
    const opened = await Promise.all(Array.from({ length: 20 }, () => open(roomId)));
    expect(new Set(opened.map(({ session }) => `${session.id} ${session.epoch}`)).size).toBe(1);
    expect(await epochsOf(roomId)).toEqual([{ epoch: 1, region: 'eu-fra', close_reason: null }]);
  });

  test('says of a session that was live already that it is not new: its caller has to doubt it', async () => {
    const roomId = await makeRoom();
    expect((await open(roomId)).isNew).toBe(true);
    expect((await open(roomId)).isNew).toBe(false);
  });

  test('decides anew from Postgres when a decision was stale, three times in all, then 503', async () => {
    const roomId = await makeRoom();
    world.decide = () => ({ winner: 'eu-fra', winnerRevision: 6 });
    await expect(open(roomId)).rejects.toMatchObject({ code: 'dependency.unavailable', retryAfterSeconds: 1 });
    expect(world.decisions).toHaveLength(3);
    expect(world.refreshes).toBe(2);
    expect(await epochsOf(roomId)).toEqual([]);
  });

  test.each([
    ['the region was changed or cordoned', "UPDATE region SET admin_state = 'cordoned' WHERE id = 'eu-fra'", "UPDATE region SET admin_state = 'enabled' WHERE id = 'eu-fra'"],
    ['the tenant\'s policy was changed', "UPDATE tenant SET revision = revision + 1 WHERE id = 'default'", "UPDATE tenant SET revision = revision - 1 WHERE id = 'default'"],
    ['the room was changed', 'UPDATE room SET revision = revision + 1 WHERE id = $1', undefined],
    ['the room was deleted', 'UPDATE room SET deleted_at = now() WHERE id = $1', undefined],
  ])('opens nothing by what was true before %s', async (_what, change, undo) => {
    const roomId = await makeRoom();
    const state = await stateOf(roomId);
    await stored.database.query(change, change.includes('$1') ? [roomId] : []);
    const session = await createSessionStore(stored.unitOfWork.db).open({
      id: makeId('session'), roomId, roomRevision: state.roomRevision, tenantRevision: state.tenantRevision, region: 'eu-fra', regionRevision: 7,
      decisionId: 'dec_1', emptyTimeoutSeconds: 300, departureTimeoutSeconds: 20, maxParticipants: null, roomConfig: {},
    });
    if (undo) await stored.database.query(undo);
    expect(session).toBeUndefined();
    expect(await epochsOf(roomId)).toEqual([]);
  });

  test('goes to at most two more regions, never to one that failed before', async () => {
    const roomId = await makeRoom();
    const regions = ['eu-fra', 'us-iad', 'ap-sin', 'sa-gru'];
    world.decide = (failed) => ({ winner: regions.find((id) => !failed.includes(id)) ?? null, winnerRevision: 7 });
    world.create = failCreate;
    await expect(open(roomId)).rejects.toMatchObject({ code: 'placement.no-region', retryAfterSeconds: 3 });
    expect(world.decisions).toEqual([[], ['eu-fra'], ['eu-fra', 'us-iad']]);
    expect((await epochsOf(roomId)).map(({ close_reason }) => close_reason)).toEqual(['create-failed', 'create-failed', 'create-failed']);
  });

  test('ends by its deadline, whatever fails', async () => {
    const roomId = await makeRoom();
    world.create = async (session) => {
      await createSessionStore(stored.unitOfWork.db).close(session.id, 'ended');
      return { state: 'closed' };
    };
    const startedMs = performance.now();
    await expect(open(roomId, 400)).rejects.toMatchObject({ code: 'dependency.unavailable' });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  test('is not taken over from an opener that was given up meanwhile', async () => {
    const roomId = await makeRoom();
    const session = await stored.openSession({ room_id: roomId, live_at: null, livekit_sid: null });
    const store = createSessionStore(stored.unitOfWork.db);
    expect(await store.noteCreateCall(session.id)).toBe(true);
    await store.failCreate(session.id);
    expect(await store.noteCreateCall(session.id)).toBe(false);
  });
});
