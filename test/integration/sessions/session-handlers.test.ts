import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoredWebhook } from '../../../src/platform/livekit/livekit-handler.ts';
import { createPresence } from '../../../src/sessions/presence.ts';
import { createSessionClosing } from '../../../src/sessions/session-closing.ts';
import { createSessionHandlers } from '../../../src/sessions/session-livekit-handlers.ts';
import { createSessionMemory } from '../../../src/sessions/session-memory.ts';
import { type Session, livekitRoomName } from '../../../src/sessions/session.ts';
import { type StoredSessions, startStoredSessions } from './stored-sessions.ts';

let stored: StoredSessions;
const memory = createSessionMemory();
const invalidated: string[] = [];

beforeAll(async () => {
  stored = await startStoredSessions();
});
afterAll(() => stored.close());

interface Said {
  readonly type: string;
  readonly region?: string;
  readonly sid?: string;
  readonly receivedAt?: Date;
  readonly participant?: Partial<NonNullable<StoredWebhook['event']['participant']>>;
}

/** Hands over what LiveKit is said to have said of the session's room. */
async function say(session: Session, { type, region = 'eu-fra', sid = 'RM_1', receivedAt = new Date(), participant }: Said): Promise<void> {
  const rooms = { invalidate: (id: string) => void invalidated.push(id), expire: (id: string) => void invalidated.push(id) };
  const closing = createSessionClosing({ unitOfWork: stored.unitOfWork, rooms, regions: { gatewayOf: () => undefined }, announce: () => {} });
  const [handler] = createSessionHandlers({ unitOfWork: stored.unitOfWork, presence: createPresence(stored), closing, memory, rooms });
  const nobody = { sid: 'PA_1', identity: 'g:1', name: '', kind: 'standard' as const, joinedAt: undefined, disconnectReason: '', permission: undefined, attributes: {} };
  await handler?.handle({
    region,
    receivedAt,
    event: {
      id: 'EV_1', type, createdAt: receivedAt, room: { sid, name: livekitRoomName(session) }, track: undefined, egressInfo: undefined,
      participant: participant && { ...nobody, ...participant },
    },
  });
}

describe('room_finished', () => {
  test('ends the session of its LiveKit room, once however often it is told', async () => {
    const session = await stored.openSession();
    await say(session, { type: 'room_finished' });
    await say(session, { type: 'room_finished' });
    expect(await stored.reread(session)).toMatchObject({ closeReason: 'finished', closedAt: expect.any(Date) });
    expect((await stored.eventsOf(session)).map(({ type }) => type)).toEqual(['session.closed']);
    expect(invalidated).toContain(session.roomId);
  });

  test.each<[string, Partial<Said>]>([
    ['another region, which knows no room of ours', { region: 'us-iad' }],
    ['another LiveKit room that once had this name', { sid: 'RM_0' }],
  ])('is not believed of %s', async (_whom, about) => {
    const session = await stored.openSession();
    await say(session, { type: 'room_finished', ...about });
    expect((await stored.reread(session)).closedAt).toBeNull();
  });
});

describe('people', () => {
  test('are counted by the region of the session only, and recorders and agents not at all', async () => {
    const session = await stored.openSession();
    await say(session, { type: 'participant_joined', participant: { sid: 'PA_1' } });
    await say(session, { type: 'participant_joined', participant: { sid: 'PA_2', identity: 'EG_1', kind: 'egress' } });
    await say(session, { type: 'participant_joined', participant: { sid: 'PA_3', identity: 'a:1', kind: 'agent' } });
    await say(session, { type: 'participant_joined', region: 'us-iad', participant: { sid: 'PA_4', identity: 'g:4' } });
    expect((await stored.reread(session)).inside).toBe(1);
    await say(session, { type: 'participant_left', participant: { sid: 'PA_2', identity: 'EG_1', kind: 'egress' } });
    await say(session, { type: 'participant_left', participant: { sid: 'PA_1' } });
    expect(await stored.reread(session)).toMatchObject({ inside: 0, lastLeftAt: expect.any(Date) });
  });

  test.each(['participant_joined', 'room_started'])('in a LiveKit room whose session is over have it deleted once more (%s)', async (type) => {
    const session = await stored.openSession({ closed_at: new Date(), close_reason: 'ended' });
    const due = async (): Promise<unknown> => (await stored.database.query('SELECT cleanup_due_at FROM session WHERE id = $1', [session.id]))[0]?.['cleanup_due_at'];
    expect(await due()).toBeNull();
    await say(session, { type, participant: { sid: 'PA_1' } });
    expect(await due()).not.toBeNull();
    expect((await stored.reread(session)).inside).toBe(0);
  });
});

describe('a sign of the node', () => {
  test('is of the time at which it came, not of that at which it is handled or handled again', async () => {
    const now = new Date();
    const session = await stored.openSession({ node_sign_at: new Date(now.getTime() - 60_000), last_sign_at: now, silent_at: new Date(now.getTime() - 5_000) });
    const old = new Date(now.getTime() - 30_000);
    await say(session, { type: 'track_published', receivedAt: old });
    expect(await stored.reread(session)).toMatchObject({ nodeSignAt: old, lastSignAt: now, silentAt: new Date(now.getTime() - 5_000) });
    expect(memory.lastSignMs(session)).toBe(old.getTime());
    await say(session, { type: 'track_published', receivedAt: now });
    expect(await stored.reread(session)).toMatchObject({ nodeSignAt: now, silentAt: null });
  });
});
