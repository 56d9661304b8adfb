import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { type TestProduct, startTestProduct } from '../support/test-product.ts';
import { GERMANY, type SessionStage, openStage } from './session-stage.ts';

/** No reconciler runs in a process of this role: what is found here, joins have found. */
const ENVIRONMENT = { MERIDIAN_ROLE: 'api', MERIDIAN_DEPARTURE_TIMEOUT: '1s' };

let stage: SessionStage;

beforeAll(async () => {
  stage = await openStage({ environment: ENVIRONMENT });
  await stage.region('eu-fra').control('PUT', 'webhooks', { drop: 'all' });
}, 60_000);
afterAll(() => stage.close());

async function joined(body: Record<string, unknown> = {}): Promise<{ room: string; token: string }> {
  const room = (await stage.product.api.makeRoom({ emptyTimeoutSeconds: 60, ...body })).id;
  const answer = await stage.product.api.join(room, {}, { from: GERMANY });
  expect(answer.body).toMatchObject({ region: { id: 'eu-fra' }, session: { epoch: 1 } });
  return { room, token: answer.body.participantToken };
}

const join = (room: string) => stage.product.api.join(room, {}, { from: GERMANY });

/** LiveKit, whose webhooks are dropped here, has said nothing of the room for longer than a join believes it. */
async function silence(room: string): Promise<void> {
  await stage.database.query("UPDATE session SET last_sign_at = now() - interval '20 seconds', live_at = live_at - interval '20 seconds' WHERE room_id = $1", [room]);
  // A change of the room has its row read anew.
  await stage.product.api.call('PATCH', `/v1/rooms/${room}`, { body: { name: `read me again ${Math.random()}` } });
}

/** Somebody is inside, and was seen there before the silence began. */
async function personInside(room: string, token: string): Promise<void> {
  await stage.region('eu-fra').enter(token);
  await stage.database.query(
    `WITH seen AS (UPDATE session SET inside = 1 WHERE room_id = $1 RETURNING id)
     INSERT INTO participant (session_id, participant_sid, identity, kind, joined_at) SELECT id, 'PA_' || $1, 'g:1', 'standard', now() FROM seen`,
    [room],
  );
}

async function timedJoin(room: string): Promise<{ answer: Answer; tookMs: number }> {
  const startedMs = performance.now();
  return { answer: await join(room), tookMs: performance.now() - startedMs };
}

describe('a join looks at LiveKit before it gives a token for a room that may be gone', () => {
  test('S1-05 an empty room that ended unheard reopens under the next epoch in the same request', async () => {
    const { room } = await joined({ emptyTimeoutSeconds: 2 });
    await eventually(async () => expect((await stage.roomsIn('eu-fra')).map(({ name }) => name)).not.toContain(`${room}.1`), { timeoutMs: 6_000 });
    expect((await join(room)).body).toMatchObject({ status: 'admitted', session: { epoch: 2 } });
    expect((await stage.sessionsOf(room)).map(({ close_reason }) => close_reason)).toEqual(['absent', null]);
    expect(await stage.eventTypesOf(room)).toEqual(['session.opened', 'session.closed', 'session.opened']);
  });

  test('twenty joins that find it so open one next epoch', async () => {
    const { room } = await joined({ emptyTimeoutSeconds: 2 });
    await eventually(async () => expect((await stage.roomsIn('eu-fra')).map(({ name }) => name)).not.toContain(`${room}.1`), { timeoutMs: 6_000 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => join(room)));
    expect(new Set(answers.map(({ body }) => `${body.session?.id} ${body.session?.epoch}`))).toEqual(new Set([`${answers[0]?.body.session.id} 2`]));
    expect(await stage.sessionsOf(room)).toHaveLength(2);
  });

  test('a look that fails proves nothing: the join goes on with the live session, after at most 300 ms', async () => {
    const rooms: string[] = [];
    for (const [mode, atLeastMs] of [['hang', 290], ['unavailable', 0], ['redis-away', 0], ['garbage', 0], ['html', 0]] as const) {
      const { room, token } = await joined();
      rooms.push(room);
      await personInside(room, token);
      // Under this epoch the room is not listed, so that a look which gets through must doubt it.
      await stage.database.query('UPDATE session SET epoch = 9 WHERE room_id = $1', [room]);
      await silence(room);
      await stage.region('eu-fra').control('PUT', 'fault', { mode, methods: ['ListRooms'] });
      const { answer, tookMs } = await timedJoin(room);
      await stage.region('eu-fra').control('DELETE', 'fault');
      expect(answer.body, mode).toMatchObject({ status: 'admitted', session: { epoch: 9 } });
      expect(tookMs, mode).toBeGreaterThanOrEqual(atLeastMs);
      expect(tookMs, mode).toBeLessThan(800);
    }
    for (const room of rooms) {
      // The failed look is good for two seconds; the next one gets through.
      await eventually(async () => expect((await join(room)).status).toBe(503), { timeoutMs: 4_000 });
    }
  });

  test('one look answers for all joins of the room for two seconds', async () => {
    const { room, token } = await joined();
    await personInside(room, token);
    await silence(room);
    await stage.region('eu-fra').control('PUT', 'fault', { mode: 'hang', methods: ['ListRooms'] });
    const together = await Promise.all(Array.from({ length: 5 }, () => timedJoin(room)));
    const later = await timedJoin(room);
    await stage.region('eu-fra').control('DELETE', 'fault');
    for (const { answer, tookMs } of together) {
      expect(answer.status).toBe(200);
      expect(tookMs, 'waits for the one look').toBeGreaterThanOrEqual(290);
    }
    expect(later.answer.status).toBe(200);
    expect(later.tookMs).toBeLessThan(250);
  });

  test('with people last seen inside only their node can tell: 503 that names the region, then the reconciler decides', async () => {
    const { room, token } = await joined();
    await personInside(room, token);
    // The node dies with everything it knew, and its Redis has forgotten it.
    await stage.region('eu-fra').control('POST', 'kill');
    await stage.region('eu-fra').control('POST', 'restart', { keepState: false });
    await silence(room);
    const { status, body, headers } = await join(room);
    expect([status, body.code, body.dependency, body.region]).toEqual([503, 'dependency.unavailable', 'livekit', 'eu-fra']);
    expect(headers.get('retry-after')).toBe('3');
    expect((await stage.sessionsOf(room))[0]).toMatchObject({ close_reason: null, doubtful_at: expect.any(Date) });
    expect((await join(room)).status, 'no token as long as nothing is decided').toBe(503);

    const worker = await startWorker();
    const again = await eventually(async () => {
      const answer = await join(room);
      expect(answer.status).toBe(200);
      return answer;
    }, { timeoutMs: 20_000, everyMs: 100 });
    expect(again.body.session.epoch).toBe(2);
    expect((await stage.sessionsOf(room)).map(({ close_reason }) => close_reason)).toEqual(['absent', null]);
    expect(await stage.eventTypesOf(room)).toEqual(['session.opened', 'participant.left', 'session.closed', 'session.opened']);
    await worker.stop();
  });
});

function startWorker(): Promise<TestProduct> {
  const { opsKey, tenantKey } = stage.product;
  return startTestProduct({ databaseUrl: stage.database.url, environment: { ...ENVIRONMENT, MERIDIAN_ROLE: 'all' }, keys: { opsKey, tenantKey } });
}
