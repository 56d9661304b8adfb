import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeId } from '../../../src/kernel/ids.ts';
import { type Presence, type SeenParticipant, createPresence, isPerson } from '../../../src/sessions/presence.ts';
import type { Session } from '../../../src/sessions/session.ts';
import { insertGrants } from '../../../src/tokens/join-grant-store.ts';
import { type StoredSessions, startStoredSessions } from './stored-sessions.ts';

let stored: StoredSessions;
let presence: Presence;

beforeAll(async () => {
  stored = await startStoredSessions();
  presence = createPresence(stored);
});
afterAll(() => stored.close());

function participant(sid: string, changes: Partial<SeenParticipant> = {}): SeenParticipant {
  return { sid, identity: `g:${sid}`, name: sid, kind: 'standard', joinedAt: new Date(), attributes: { 'meridian.role': 'participant' }, ...changes };
}

const typesOf = async (session: Session): Promise<string[]> => (await stored.eventsOf(session)).map(({ type, subject_id }) => `${type} ${subject_id}`);

describe('the people of a session', () => {
  test('are counted by identity: a second device of one identity, or the same word twice, changes nothing', async () => {
    const session = await stored.openSession();
    await presence.joined(session, participant('PA_1', { identity: 'u:ada' }));
    await presence.joined(session, participant('PA_1', { identity: 'u:ada' }));
    await presence.joined(session, participant('PA_2', { identity: 'u:ada' }));
    await presence.joined(session, participant('PA_3', { identity: 'u:bob' }));
    expect((await stored.reread(session)).inside).toBe(2);
    await presence.left(session, participant('PA_1', { identity: 'u:ada' }));
    expect((await stored.reread(session)).inside, 'ada is still there with the other').toBe(2);
    expect(await typesOf(session)).toEqual(['participant.joined PA_1', 'participant.joined PA_2', 'participant.joined PA_3', 'participant.left PA_1']);
  });

  test('who left had joined, and a "joined" that comes late revives nobody', async () => {
    const session = await stored.openSession();
    await presence.left(session, participant('PA_late'));
    await presence.joined(session, participant('PA_late'));
    const now = await stored.reread(session);
    expect(now.inside).toBe(0);
    expect(now.lastLeftAt, 'the room may end from here').not.toBeNull();
    expect(await typesOf(session)).toEqual(['participant.joined PA_late', 'participant.left PA_late']);
  });

  test('a list is the truth of its moment: missing ones are gone, unheard ones are inside, in any size of room', async () => {
    const session = await stored.openSession();
    await presence.joined(session, participant('PA_gone'));
    const mark = await presence.mark(session);
    await presence.joined(session, participant('PA_newer'));
    const crowd = Array.from({ length: 2_000 }, (_, index) => participant(`PA_c${index}`));
    await presence.replace(session, crowd, mark);
    const now = await stored.reread(session);
    expect(now.inside, 'who came after the list was asked for cannot be missing from it').toBe(2_001);
    expect(now.participantsReadAt).toEqual(mark.at);
    expect((await typesOf(session)).at(-1)).toBe('participant.left PA_gone');
  });

  test('whom a later list shows is inside again, whatever was noted before; an earlier list proves nothing', async () => {
    const session = await stored.openSession();
    await presence.joined(session, participant('PA_1'));
    const before = await presence.mark(session);
    await presence.left(session, participant('PA_1'));
    await presence.replace(session, [participant('PA_1')], before);
    expect((await stored.reread(session)).inside).toBe(0);
    await presence.replace(session, [participant('PA_1')], await presence.mark(session));
    expect((await stored.reread(session)).inside).toBe(1);
  });

  test.each([
    ['a recorder', { identity: 'EG_1', kind: 'egress' }, false],
    ['a recorder that does not say so', { identity: 'EG_1', kind: 'standard' }, false],
    ['an ingress', { identity: 'i', kind: 'ingress' }, false],
    ['an agent', { identity: 'a:helper', kind: 'agent' }, false],
    ['a kind that nobody knows yet', { identity: 'x', kind: 'other' }, false],
    ['somebody on the telephone', { identity: 'sip_1', kind: 'sip' }, true],
    ['a guest', { identity: 'g:1', kind: 'standard' }, true],
  ] as const)('%s is a person: %#', (_who, about, expected) => {
    expect(isPerson(about)).toBe(expected);
  });

  test('of a closed session are nobody, whatever comes late', async () => {
    const session = await stored.openSession();
    await stored.database.query("UPDATE session SET closed_at = now(), close_reason = 'ended' WHERE id = $1", [session.id]);
    await presence.joined(session, participant('PA_1'));
    expect((await stored.reread(session)).inside).toBe(0);
    expect(await typesOf(session)).toEqual([]);
  });
});

describe('the grant of somebody who entered', () => {
  const grantOf = (session: Session, identity: string) => ({
    id: makeId('grant'), tenantId: 'default', roomId: session.roomId, sessionId: session.id, identity, role: 'participant', region: session.region,
    at: new Date('2026-03-01T12:00:00.000Z'), networkPrefix: '203.0.113.0/24',
  });
  const row = async (id: string) => (await stored.database.query('SELECT at, network_prefix, entered_at, session_id FROM join_grant WHERE id = $1', [id]))[0];

  test.each(['before', 'after'] as const)('is marked when it was written %s the client was seen', async (order) => {
    const session = await stored.openSession();
    const grant = grantOf(session, 'g:1');
    const enter = () => presence.joined(session, participant(`PA_${order}`, { identity: 'g:1', attributes: { 'meridian.grant': grant.id, 'meridian.role': 'participant' } }));
    if (order === 'before') await insertGrants(stored.unitOfWork.db, [grant]);
    await enter();
    if (order === 'after') await insertGrants(stored.unitOfWork.db, [grant]);
    expect(await row(grant.id)).toEqual({ at: grant.at, network_prefix: grant.networkPrefix, entered_at: expect.any(Date), session_id: session.id });
  });

  test('is not marked by another identity or another session that wrote its id into its attributes', async () => {
    const session = await stored.openSession();
    const other = await stored.openSession();
    const grant = grantOf(session, 'g:1');
    await insertGrants(stored.unitOfWork.db, [grant]);
    const claim = { attributes: { 'meridian.grant': grant.id } };
    await presence.joined(session, participant('PA_thief', { identity: 'g:2', ...claim }));
    await presence.joined(other, participant('PA_far', { identity: 'g:1', ...claim }));
    await presence.joined(session, participant('PA_odd', { identity: 'g:3', attributes: { 'meridian.grant': 'no grant at all' } }));
    expect(await row(grant.id)).toMatchObject({ entered_at: null });
  });
});
