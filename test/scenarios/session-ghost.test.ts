import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { PlaceId } from '../support/test-regions.ts';
import { type SessionStage, openStage } from './session-stage.ts';

let stage: SessionStage;

beforeAll(async () => {
  stage = await openStage({ regions: ['eu-fra', 'us-iad', 'ap-sin'], environment: { MERIDIAN_DEPARTURE_TIMEOUT: '2s' } });
}, 60_000);
afterAll(() => stage.close());

const join = (room: string) => stage.product.api.join(room);

/** A room in this region with somebody inside, as far as we know too. */
async function meetingIn(region: PlaceId): Promise<{ room: string; token: string; leave(): Promise<void> }> {
  const { id: room } = await stage.product.api.makeRoom({ region: { mode: 'pinned', id: region } });
  const { body } = await join(room);
  expect(body.region.id).toBe(region);
  const { leave } = await stage.region(region).enter(body.participantToken);
  await eventually(async () => expect((await stage.sessionsOf(room))[0]?.inside).toBe(1));
  return { room, token: body.participantToken, leave };
}

/** As after half a minute in which its node said nothing: the time at which it is asked. */
async function quietForLong(...rooms: string[]): Promise<void> {
  await stage.database.query("UPDATE session SET node_sign_at = now() - interval '31 seconds' WHERE room_id = ANY($1)", [rooms]);
}

const PATIENCE = { timeoutMs: 45_000, everyMs: 250 };

describe.concurrent('LiveKit lists what is not there, or hides what is', () => {
  test('S1-07 a room whose node died is found lost by two unanswered questions 10 s apart, and its ghost is removed', async () => {
    const meeting = await meetingIn('us-iad');
    const bystander = await meetingIn('us-iad');
    await stage.region('us-iad').control('POST', `rooms/${meeting.room}.1/lose-node`);
    await quietForLong(meeting.room, bystander.room);
    await eventually(async () => expect((await stage.sessionsOf(meeting.room))[0]?.silent_at).not.toBeNull(), PATIENCE);
    expect((await join(meeting.room)).body, 'once silent is no death').toMatchObject({ session: { epoch: 1 } });
    const silentAt = Date.now();
    await eventually(async () => expect((await stage.sessionsOf(meeting.room))[0]?.close_reason).toBe('lost'), PATIENCE);
    expect(Date.now() - silentAt).toBeGreaterThan(6_000);
    expect((await join(meeting.room)).body).toMatchObject({ region: { id: 'us-iad' }, session: { epoch: 2 } });
    // Made anew under its old name, so that a node answers for it, and deleted.
    const finished = async (): Promise<unknown[]> => (await stage.truthOf('us-iad', 'room.finished')).filter(({ room }) => room === `${meeting.room}.1`);
    await eventually(async () => expect(await finished()).toHaveLength(1), PATIENCE);
    expect(await stage.isAccepting('us-iad'), 'the region stays healthy').toBe(true);
    expect((await stage.sessionsOf(bystander.room))[0], 'a room on a living node is not touched').toMatchObject({ close_reason: null, silent_at: null });
    expect(await stage.eventTypesOf(meeting.room)).toEqual(['session.opened', 'participant.joined', 'participant.left', 'session.closed', 'session.opened']);
  });

  test('a room that answers again after a restart is the same session', async () => {
    const { room, token } = await meetingIn('ap-sin');
    await stage.region('ap-sin').control('POST', 'kill');
    await stage.region('ap-sin').control('POST', 'restart');
    await quietForLong(room);
    // The client comes back by itself once LiveKit takes the old node for dead, after 5 s.
    await eventually(() => stage.region('ap-sin').enter(token), { timeoutMs: 10_000, everyMs: 200 });
    const answered = await eventually(async () => {
      const [session] = await stage.database.query<{ silent_at: Date | null; close_reason: string | null; node_sign_at: Date }>('SELECT * FROM session WHERE room_id = $1', [room]);
      expect(session?.node_sign_at.getTime()).toBeGreaterThan(Date.now() - 25_000);
      return session;
    }, PATIENCE);
    expect(answered).toMatchObject({ silent_at: null, close_reason: null });
    expect((await join(room)).body).toMatchObject({ session: { epoch: 1 } });
  });

  test('a room that an emptied Redis hides stays open without tokens, until it is listed again or ended by hand', async () => {
    const ended = await meetingIn('eu-fra');
    const found = await meetingIn('eu-fra');
    await stage.region('eu-fra').control('POST', 'empty-redis');
    for (const { room } of [ended, found]) {
      await eventually(async () => expect((await stage.sessionsOf(room))[0]?.hidden_at).not.toBeNull(), PATIENCE);
      const refused = await join(room);
      expect([refused.status, refused.body.code, refused.body.region]).toEqual([503, 'dependency.unavailable', 'eu-fra']);
      expect(refused.headers.get('retry-after')).toBe('3');
      expect((await stage.sessionsOf(room)).map(({ close_reason }) => close_reason)).toEqual([null]);
    }

    await changeInside(found.room);
    await eventually(async () => expect((await join(found.room)).body).toMatchObject({ session: { epoch: 1 } }), PATIENCE);

    expect((await stage.product.api.call('POST', `/v1/rooms/${ended.room}/end`)).status).toBe(202);
    expect((await stage.sessionsOf(ended.room)).map(({ close_reason }) => close_reason)).toEqual(['ended']);
    expect((await join(ended.room)).body, 'the room goes on under the next epoch').toMatchObject({ session: { epoch: 2 } });
    // Until LiveKit lists the room again nobody can delete it, and its people stay.
    await changeInside(ended.room);
    await eventually(async () => expect((await stage.roomsIn('eu-fra')).map(({ name }) => name)).not.toContain(`${ended.room}.1`), PATIENCE);
  });
});

/** A change inside makes the node write its room down again. */
async function changeInside(room: string): Promise<void> {
  const live = (await stage.roomsIn('eu-fra')).find(({ name }) => name === `${room}.1`);
  const identity = live?.participants[0]?.identity ?? '';
  await stage.region('eu-fra').control('POST', `rooms/${room}.1/participants/${encodeURIComponent(identity)}/tracks`);
}
