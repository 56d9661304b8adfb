import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Secret } from '../../src/kernel/secret.ts';
import type { LivekitGateway } from '../../src/platform/livekit/livekit-gateway.ts';
import { signAdminToken } from '../../src/platform/livekit/livekit-token.ts';
import { verifyWebhook } from '../../src/platform/livekit/livekit-webhook.ts';
import { parseWebhookEvent } from '../../src/platform/livekit/webhook-event.ts';
import { callRaw, gatewayTo, joinTokenFor, signingKeyOf, type LivekitTarget } from './livekit-target.ts';

const TIMES = { emptyTimeoutSeconds: 60, departureTimeoutSeconds: 20 };
const CREATE = '/twirp/livekit.RoomService/CreateRoom';
const LIST = '/twirp/livekit.RoomService/ListRooms';

/**
 * What Meridian relies on from a region's LiveKit. Run against the real server and against the simulator, so that
 * neither our reading nor our double of it can drift.
 */
export function describeRoomService(title: string, startTarget: () => Promise<LivekitTarget>): void {
  describe(`LiveKit room service: ${title}`, () => {
    let target: LivekitTarget;
    let gateway: LivekitGateway;
    beforeAll(async () => {
      target = await startTarget();
      gateway = gatewayTo(target);
    }, 60_000);
    afterAll(async () => {
      gateway?.close();
      await target?.close();
    });
    const use = (): Subject => ({ target, gateway });
    describeRooms(use);
    describeRefusals(use);
    describePeople(use);
    describeWebhooks(use);
    describeLostState(use);
  });
}

interface Subject {
  readonly target: LivekitTarget;
  readonly gateway: LivekitGateway;
}

function describeRooms(use: () => Subject): void {
  it('creates a room once: the second call answers the same sid and ignores its options', async () => {
    const { gateway } = use();
    const first = await gateway.createRoom({ ...TIMES, name: 'once.1', maxParticipants: 7, metadata: 'one' });
    const second = await gateway.createRoom({ ...TIMES, name: 'once.1', maxParticipants: 3, metadata: 'two' });
    expect(second).toEqual(first);
    expect(first).toMatchObject({ name: 'once.1', maxParticipants: 7, metadata: 'one', participants: 0, ...TIMES });
    expect(first.sid).toMatch(/^RM_\w{12}$/);
    expect(Math.abs((first.createdAt?.getTime() ?? 0) - Date.now())).toBeLessThan(10_000);
  });

  it('lists the rooms asked for, and only those that exist', async () => {
    const { gateway } = use();
    await gateway.createRoom({ ...TIMES, name: 'listed.1' });
    const names = (await gateway.listRooms(['listed.1', 'never.1'])).map((room) => room.name);
    expect(names).toEqual(['listed.1']);
    expect(await gateway.listRooms(['never.1'])).toEqual([]);
    expect((await gateway.listRooms()).map((room) => room.name)).toContain('listed.1');
  });

  it('deletes a room once and says absent afterwards', async () => {
    const { gateway } = use();
    await gateway.createRoom({ ...TIMES, name: 'gone.1' });
    expect(await gateway.deleteRoom('gone.1')).toBe('deleted');
    expect(await gateway.deleteRoom('gone.1')).toBe('absent');
    expect(await gateway.listRooms(['gone.1'])).toEqual([]);
  });

  it('answers the liveness probe at once for a live room and after 3 s not for an absent one', async () => {
    const { gateway } = use();
    await gateway.createRoom({ ...TIMES, name: 'alive.1' });
    const started = performance.now();
    expect(await gateway.probeRoomNode('alive.1')).toBe('answers');
    const answered = performance.now();
    expect(answered - started).toBeLessThan(1_000);
    expect(await gateway.probeRoomNode('never.1')).toBe('silent');
    expect(performance.now() - answered).toBeGreaterThan(2_900);
  });

  it('ends a room that nobody joined after its empty time-out', async () => {
    const { gateway } = use();
    await gateway.createRoom({ emptyTimeoutSeconds: 1, departureTimeoutSeconds: 20, name: 'empty.1' });
    expect(await gateway.listRooms(['empty.1'])).toHaveLength(1);
    await vi.waitFor(async () => expect(await gateway.listRooms(['empty.1'])).toEqual([]), 5_000);
  });
}

function describeRefusals(use: () => Subject): void {
  const raw = (path: string, options: Parameters<typeof callRaw>[2]) => callRaw(use().target, path, options);
  const wrongSecret = () => ({ key: use().target.key, secret: new Secret('not the secret of this region at all') });

  it('says 401 in plain text to a foreign key, and our client keeps none of its words', async () => {
    const { target } = use();
    const foreign = { key: 'APIforeign', secret: new Secret('foreign-secret-0123456789abcdef0123') };
    const token = signAdminToken(foreign, { roomList: true }, Date.now());
    const answer = await raw(LIST, { authorization: `Bearer ${token}` });
    expect(answer).toMatchObject({ status: 401, text: 'invalid API key: APIforeign' });
    expect(answer.contentType).toContain('text/plain');
    const failure = await gatewayTo(target, foreign).listRooms(['probe']).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'misconfigured', status: 401 });
  });

  it('repeats a refused token in its answer, which our failure does not', async () => {
    const { target } = use();
    const token = signAdminToken(wrongSecret(), { roomList: true }, Date.now());
    const answer = await raw(LIST, { authorization: `Bearer ${token}` });
    expect(answer.status).toBe(401);
    expect(answer.text).toBe(
      `invalid token: ${token}, error: token signature is invalid: signature is invalid`,
    );
    const failure = await gatewayTo(target, wrongSecret()).listRooms(['probe']).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'misconfigured' });
    expect(String(failure)).not.toContain('eyJ');
  });

  it('refuses an expired token, a missing one, a wrong scheme and a missing grant with 401', async () => {
    const expired = signAdminToken(signingKeyOf(use().target), { roomList: true }, Date.now() - 600_000);
    const old = await raw(LIST, { authorization: `Bearer ${expired}` });
    expect(old.text).toBe(`invalid token: ${expired}, error: token has invalid claims: token is expired`);
    const none = await raw(LIST, {});
    expect(none).toMatchObject({ status: 401, text: '{"code":"unauthenticated","msg":"permissions denied"}' });
    const scheme = await raw(LIST, { authorization: 'Basic abc' });
    expect(scheme).toMatchObject({ status: 401, text: 'invalid authorization header. Must start with Bearer ' });
    const broken = await raw(LIST, { authorization: 'Bearer a.b.c' });
    expect(broken).toMatchObject({ status: 401, text: 'invalid authorization token' });
    const ungranted = await raw(CREATE, { grant: { roomList: true } });
    expect(ungranted).toMatchObject({ status: 401, text: '{"code":"unauthenticated","msg":"permissions denied"}' });
  });

  it('refuses what it cannot read with the codes that our client sorts by', async () => {
    const grant = { roomCreate: true } as const;
    const json = (answer: { text: string }): unknown => JSON.parse(answer.text);
    const malformed = await raw(CREATE, { grant, body: '{bad' });
    expect(malformed.status).toBe(400);
    expect(json(malformed)).toMatchObject({ code: 'malformed', msg: 'the json request could not be decoded' });
    const long = await raw(CREATE, { grant, body: JSON.stringify({ name: 'x'.repeat(300) }) });
    expect(long.status).toBe(400);
    expect(json(long)).toMatchObject({
      code: 'invalid_argument',
      msg: 'twirp error unknown: room name length exceeds limits: max length 256',
    });
    const route = await raw('/twirp/livekit.RoomService/Nope', { grant });
    expect(route.status).toBe(404);
    expect(json(route)).toMatchObject({ code: 'bad_route' });
    const type = await raw(LIST, { grant, contentType: 'text/plain' });
    expect(json(type)).toMatchObject({ code: 'bad_route', msg: 'unexpected Content-Type: "text/plain"' });
    const absent = await raw('/twirp/livekit.RoomService/DeleteRoom', { grant, body: '{"room":"never.1"}' });
    expect(absent.text).toBe(
      '{"code":"not_found","msg":"twirp error unknown: requested room does not exist"}',
    );
  });

  it('serves its health page and its signalling gate', async () => {
    const { gateway, target } = use();
    const key = signingKeyOf(target);
    const gate = (token: string) => raw(`/rtc/validate?access_token=${token}`, { method: 'GET' });
    await gateway.createRoom({ ...TIMES, name: 'gate.1' });
    expect(await raw('/', { method: 'GET' })).toMatchObject({ status: 200, text: 'OK' });
    expect(await gate(joinTokenFor(key, 'gate.1', 'g:ada'))).toMatchObject({ status: 200, text: 'success' });
    expect(await gate(joinTokenFor(key, 'gate.2', 'g:ada'))).toMatchObject({
      status: 404,
      text: 'requested room does not exist',
    });
    const foreign = { key: 'APIforeign', secret: new Secret('foreign-secret-0123456789abcdef0123') };
    expect(await gate(joinTokenFor(foreign, 'gate.1', 'g:ada'))).toMatchObject({
      status: 401,
      text: 'invalid API key: APIforeign',
    });
    const admin = signAdminToken(key, { roomAdmin: true, room: 'gate.1' }, Date.now());
    expect(await gate(admin)).toMatchObject({ status: 401, text: 'permissions denied' });
    expect(await gate(joinTokenFor(key, 'gate.1', 'y'.repeat(300)))).toMatchObject({
      status: 400,
      text: 'participant identity length exceeds limits: max length 256',
    });
    expect(await raw('/rtc', { method: 'GET' })).toMatchObject({ status: 404 });
  });
}

function describePeople(use: () => Subject): void {
  it('lists nobody for an unknown room, and answers absent for people who are not inside', async () => {
    const { gateway } = use();
    expect(await gateway.listParticipants('never.1')).toEqual([]);
    expect(await gateway.removeParticipant('never.1', 'g:nobody')).toBe('absent');
    expect(await gateway.updateParticipant('never.1', { identity: 'g:nobody', name: 'x' })).toBeUndefined();
  });

  it('shows who is inside, changes them, mutes one way and removes them', async () => {
    const { gateway, target } = use();
    await gateway.createRoom({ ...TIMES, name: 'people.1' });
    const ada = await target.enter(joinTokenFor(signingKeyOf(target), 'people.1', 'g:ada'));
    const [inside] = await gateway.listParticipants('people.1');
    expect(inside).toMatchObject({
      identity: 'g:ada',
      name: 'Ada',
      kind: 'standard',
      state: 'active',
      attributes: { 'meridian.role': 'participant' },
      permission: { canPublish: true, canSubscribe: true, canPublishData: true, canUpdateMetadata: false },
    });
    expect(inside?.sid).toMatch(/^PA_\w{12}$/);
    expect(Math.abs((inside?.joinedAt?.getTime() ?? 0) - Date.now())).toBeLessThan(10_000);

    const permission = { ...inside?.permission, canPublish: false } as NonNullable<typeof inside>['permission'];
    const changed = await gateway.updateParticipant('people.1', { identity: 'g:ada', permission });
    expect(changed?.permission).toMatchObject({ canPublish: false, canSubscribe: true });

    const unmute = { identity: 'g:ada', trackSid: 'TR_none', muted: false };
    await expect(gateway.mutePublishedTrack('people.1', unmute)).rejects.toMatchObject({
      kind: 'definite',
      status: 412,
      code: 'failed_precondition',
    });
    expect(await gateway.removeParticipant('people.1', 'g:ada')).toBe('removed');
    await vi.waitFor(async () => expect(await gateway.listParticipants('people.1')).toEqual([]), 5_000);
    await ada.leave();
  });

  it('throws the older connection of an identity out when it comes again', async () => {
    const { gateway, target } = use();
    await gateway.createRoom({ ...TIMES, name: 'twice.1' });
    const token = joinTokenFor(signingKeyOf(target), 'twice.1', 'g:bob');
    const first = await target.enter(token);
    const [before] = await gateway.listParticipants('twice.1');
    const second = await target.enter(token);
    await vi.waitFor(async () => {
      const inside = await gateway.listParticipants('twice.1');
      expect(inside).toHaveLength(1);
      expect(inside[0]?.sid).not.toBe(before?.sid);
    }, 5_000);
    await Promise.all([first.leave(), second.leave()]);
  });

  it('lets nobody into a full room, without saying so', async () => {
    const { gateway, target } = use();
    const key = signingKeyOf(target);
    await gateway.createRoom({ ...TIMES, name: 'full.1', maxParticipants: 1 });
    const one = await target.enter(joinTokenFor(key, 'full.1', 'g:one'));
    await expect(target.enter(joinTokenFor(key, 'full.1', 'g:two'))).rejects.toThrow();
    expect(await gateway.listParticipants('full.1')).toHaveLength(1);
    await one.leave();
  });

  it('ends a room after the departure time-out, and an old token does not bring it back', async () => {
    const { gateway, target } = use();
    await gateway.createRoom({ emptyTimeoutSeconds: 60, departureTimeoutSeconds: 1, name: 'left.1' });
    const token = joinTokenFor(signingKeyOf(target), 'left.1', 'g:eve');
    const eve = await target.enter(token);
    await eve.leave();
    await vi.waitFor(async () => expect(await gateway.listRooms(['left.1'])).toEqual([]), 10_000);
    await expect(target.enter(token)).rejects.toThrow();
    expect(await gateway.listRooms(['left.1'])).toEqual([]);
  }, 20_000);
}

function describeWebhooks(use: () => Subject): void {
  it('tells the life of a room by signed webhooks, in order, with a TURN password to throw away', async () => {
    const { gateway, target } = use();
    const created = await gateway.createRoom({ ...TIMES, name: 'told.1' });
    const client = await target.enter(joinTokenFor(signingKeyOf(target), 'told.1', 'g:zoe'));
    await gateway.removeParticipant('told.1', 'g:zoe');
    await gateway.deleteRoom('told.1');
    const about = () => target.webhooks.received.filter(({ json }) => roomOf(json) === 'told.1');
    await vi.waitFor(() => expect(about().map(({ json }) => json.event)).toContain('room_finished'), 10_000);
    await client.leave();

    expect(about().map(({ json }) => json.event)).toEqual([
      'room_started',
      'participant_joined',
      'participant_left',
      'room_finished',
    ]);
    for (const { body, headers } of about()) {
      expect(headers['content-type']).toBe('application/webhook+json');
      const keys = [{ ...signingKeyOf(target), use: 'sign' as const }];
      const verdict = verifyWebhook({ authorization: headers.authorization, body, keys, nowMs: Date.now() });
      expect(verdict).toMatchObject({ ok: true, claims: { key: target.key } });
    }
    const events = about().map(({ body }) => parseWebhookEvent(body));
    expect(new Set(events.map((event) => event?.id)).size).toBe(4);
    for (const event of events) expect(event?.room).toEqual({ sid: created.sid, name: 'told.1' });
    expect(events[1]?.participant).toMatchObject({ identity: 'g:zoe', kind: 'standard', name: 'Ada' });
    expect(events[2]?.participant).toMatchObject({ disconnectReason: 'PARTICIPANT_REMOVED' });
    expect(about()[0]?.body.toString()).toContain('turnPassword');
  }, 20_000);

  it('sends a refused event again after 1, 2 and 4 s with the same id and the same token', async () => {
    const { gateway, target } = use();
    target.webhooks.answer = ({ json, atMs }) => (roomOf(json) === 'retried.1' && atMs < 6_500 ? 500 : 200);
    await gateway.createRoom({ ...TIMES, name: 'retried.1' });
    const tries = () =>
      target.webhooks.received.filter(({ json }) => roomOf(json) === 'retried.1' && json.event === 'room_started');
    await vi.waitFor(() => expect(tries()).toHaveLength(4), 10_000);
    target.webhooks.answer = () => 200;
    const seconds = tries().map(({ atMs }) => Math.round(atMs / 1000));
    expect(seconds).toEqual([0, 1, 3, 7]);
    expect(new Set(tries().map(({ json }) => json.id)).size).toBe(1);
    expect(new Set(tries().map(({ headers }) => headers.authorization)).size).toBe(1);
  }, 20_000);

  it('takes a 404 as delivered, and a 503 that asks for patience as an order to wait that long', async () => {
    const { gateway, target } = use();
    target.webhooks.answer = ({ json, atMs }) => {
      if (roomOf(json) === 'lost.1') return 404;
      return roomOf(json) === 'patient.1' && atMs < 2_500 ? { status: 503, retryAfter: '3' } : 200;
    };
    await gateway.createRoom({ ...TIMES, name: 'lost.1' });
    await gateway.createRoom({ ...TIMES, name: 'patient.1' });
    const about = (room: string) => target.webhooks.received.filter(({ json }) => roomOf(json) === room);
    await vi.waitFor(() => expect(about('patient.1')).toHaveLength(2), 10_000);
    target.webhooks.answer = () => 200;
    expect(Math.round((about('patient.1')[1]?.atMs ?? 0) / 1000)).toBe(3);
    expect(about('lost.1')).toHaveLength(1);
  }, 20_000);
}

function describeLostState(use: () => Subject): void {
  it('keeps a crashed room on its lists as a ghost, which CreateRoom and DeleteRoom together remove', async () => {
    const { gateway, target } = use();
    const before = await gateway.createRoom({ ...TIMES, name: 'ghost.1' });
    await target.crash();
    expect(await gateway.listRooms(['ghost.1'])).toMatchObject([{ sid: before.sid }]);
    expect(await gateway.probeRoomNode('ghost.1')).toBe('silent');
    await expect(gateway.deleteRoom('ghost.1')).rejects.toMatchObject({ kind: 'trouble', status: 503 });
    const revived = await vi.waitFor(() => gateway.createRoom({ ...TIMES, name: 'ghost.1' }), {
      timeout: 15_000,
      interval: 500,
    });
    expect(revived.sid).toBe(before.sid);
    expect(await gateway.probeRoomNode('ghost.1')).toBe('answers');
    expect(await gateway.deleteRoom('ghost.1')).toBe('deleted');
    expect(await gateway.listRooms(['ghost.1'])).toEqual([]);
    expect(await gateway.probeRoomNode('ghost.1')).toBe('silent');
  }, 60_000);

  it('hides a living room when its Redis came back empty: unlisted, undeletable, answering', async () => {
    const { gateway, target } = use();
    const key = signingKeyOf(target);
    await gateway.createRoom({ ...TIMES, name: 'hidden.1' });
    await target.emptyRedis();
    expect(await gateway.listRooms(['hidden.1'])).toEqual([]);
    expect(await gateway.deleteRoom('hidden.1')).toBe('absent');
    expect(await gateway.probeRoomNode('hidden.1')).toBe('answers');
    await expect(target.enter(joinTokenFor(key, 'hidden.1', 'g:late'))).rejects.toThrow();
    await expect(gateway.createRoom({ ...TIMES, name: 'fresh.1' })).rejects.toMatchObject({
      kind: 'trouble',
      status: 500,
      code: 'unknown',
    });
    await vi.waitFor(() => gateway.createRoom({ ...TIMES, name: 'fresh.1' }), { timeout: 15_000, interval: 250 });
  }, 30_000);
}

function roomOf(json: { readonly room?: { readonly name?: string } }): string | undefined {
  return json.room?.name;
}
