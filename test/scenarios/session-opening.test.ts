import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { GERMANY, type SessionStage, leaveOpening, openStage } from './session-stage.ts';

let stage: SessionStage;

beforeAll(async () => {
  stage = await openStage({ regions: ['eu-fra', 'us-iad', 'ap-sin'], replicas: 2 });
}, 60_000);
afterAll(() => stage.close());

async function newRoom(body: Record<string, unknown> = {}): Promise<string> {
  return (await stage.product.api.makeRoom(body)).id;
}

/** A region that failed under a join is out until its probes are good again. */
async function calm(id: 'eu-fra' | 'us-iad' | 'ap-sin'): Promise<void> {
  await stage.region(id).control('DELETE', 'fault');
  for (const product of stage.products) {
    await eventually(
      async () => expect((await product.api.call('GET', `/healthz/regions/${id}`, { key: null })).status).toBe(200),
      { timeoutMs: 20_000, everyMs: 100 },
    );
  }
}

describe('a session that is opening', () => {
  test('is taken over after 300 ms when its opener died, by one CreateRoom of our own, in its region', async () => {
    const room = await newRoom();
    await leaveOpening(stage, room, 'us-iad');
    const startedMs = performance.now();
    const answers = await Promise.all(Array.from({ length: 10 }, () => stage.product.api.join(room, {}, { from: GERMANY })));
    const tookMs = performance.now() - startedMs;
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body).toMatchObject({ region: { id: 'us-iad' }, session: { epoch: 1 } });
    }
    expect(tookMs).toBeGreaterThanOrEqual(300);
    expect(tookMs).toBeLessThan(1_500);
    const created = (await stage.truthOf('us-iad', 'room.created')).filter(({ room: name }) => name === `${room}.1`);
    expect(created).toHaveLength(1);
    expect(await stage.eventTypesOf(room)).toEqual(['session.opened']);
  });

  test('gives no token while LiveKit has not answered, and is waited for by the others', async () => {
    const room = await newRoom();
    await stage.region('eu-fra').control('PUT', 'fault', { mode: 'slow', delayMs: 200, methods: ['CreateRoom'], times: 1 });
    const [first, second] = await Promise.all(stage.products.map((product) => product.api.join(room, {}, { from: GERMANY })));
    expect([first?.status, second?.status]).toEqual([200, 200]);
    expect(first?.body.session.id).toBe(second?.body.session.id);
    const [session] = await stage.sessionsOf(room);
    expect(session?.live_at).not.toBeNull();
    // One of them decided, the other found it.
    expect([first?.body.decision.rule, second?.body.decision.rule].filter((rule) => rule === 'live')).toHaveLength(1);
  });

  test('that another call made live is minted for, though our own CreateRoom failed', async () => {
    const room = await newRoom();
    // The opener's call hangs for its 800 ms; the other replica comes after 300 ms with its own, which succeeds.
    await stage.region('eu-fra').control('PUT', 'fault', { mode: 'hang', methods: ['CreateRoom'], times: 1 });
    const answers = await Promise.all(stage.products.map((product) => product.api.join(room, {}, { from: GERMANY })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const sessions = await stage.sessionsOf(room);
    expect(sessions.map(({ epoch, close_reason }) => [epoch, close_reason])).toEqual([[1, null]]);
    for (const { body } of answers) expect(body).toMatchObject({ session: { epoch: 1 }, region: { id: 'eu-fra' } });
    await calm('eu-fra');
  });
});

describe('a region that fails while a session opens', () => {
  test('S4-09 is left for the next one within the time of one join, and marked', async () => {
    const room = await newRoom();
    await stage.region('eu-fra').control('PUT', 'fault', { mode: 'hang' });
    const startedMs = performance.now();
    const { status, body } = await stage.product.api.join(room, {}, { from: GERMANY });
    const tookMs = performance.now() - startedMs;
    expect(status).toBe(200);
    expect(body).toMatchObject({ region: { id: 'us-iad' }, session: { epoch: 2 } });
    expect(tookMs).toBeLessThan(2_000);
    expect(await stage.isAccepting('eu-fra')).toBe(false);
    expect((await stage.sessionsOf(room)).map(({ close_reason }) => close_reason)).toEqual(['create-failed', null]);
    expect(await stage.eventTypesOf(room), 'what never was live is not announced').toEqual(['session.opened']);

    const next = await newRoom();
    const again = performance.now();
    expect((await stage.product.api.join(next, {}, { from: GERMANY })).body.region.id).toBe('us-iad');
    expect(performance.now() - again, 'the next room does not try it').toBeLessThan(500);
    await calm('eu-fra');
  });

  test('has what it made too late deleted', async () => {
    const room = await newRoom();
    await stage.region('eu-fra').control('PUT', 'fault', { mode: 'slow', delayMs: 1_500, methods: ['CreateRoom'], times: 1 });
    const { body } = await stage.product.api.join(room, {}, { from: GERMANY });
    expect(body.region.id).toBe('us-iad');
    const madeLate = (): Promise<unknown[]> => stage.truthOf('eu-fra', 'room.created').then((all) => all.filter(({ room: name }) => name === `${room}.1`));
    await eventually(async () => expect(await madeLate()).toHaveLength(1), { timeoutMs: 5_000 });
    await calm('eu-fra');
    await eventually(async () => expect((await stage.roomsIn('eu-fra')).filter(({ name }) => name === `${room}.1`)).toEqual([]), { timeoutMs: 15_000 });
  });

  test('is not left by a strict pin: 503 naming the pin, and nothing opens elsewhere', async () => {
    const room = await newRoom({ region: { mode: 'pinned', id: 'ap-sin', fallback: 'strict' } });
    await stage.region('ap-sin').control('PUT', 'fault', { mode: 'unavailable', methods: ['CreateRoom'] });
    const { status, body, headers } = await stage.product.api.join(room, {}, { from: GERMANY });
    expect([status, body.code]).toEqual([503, 'placement.pinned-unavailable']);
    expect(headers.get('retry-after')).toBe('3');
    expect((await stage.sessionsOf(room)).map(({ region, close_reason }) => [region, close_reason])).toEqual([['ap-sin', 'create-failed']]);
    await calm('ap-sin');
    expect((await stage.product.api.join(room, {}, { from: GERMANY })).body).toMatchObject({ region: { id: 'ap-sin' }, session: { epoch: 2 } });
  });

  test('and all the others too: 503 within the time of one join, every session closed', async () => {
    const room = await newRoom();
    for (const id of ['eu-fra', 'us-iad', 'ap-sin'] as const) await stage.region(id).control('PUT', 'fault', { mode: 'hang', methods: ['CreateRoom'] });
    const startedMs = performance.now();
    const { status, body, headers } = await stage.product.api.join(room, {}, { from: GERMANY });
    expect([status, body.code]).toEqual([503, 'placement.no-region']);
    expect(headers.get('retry-after')).toBe('3');
    expect(performance.now() - startedMs).toBeLessThan(3_200);
    const sessions = await stage.sessionsOf(room);
    expect(sessions.map(({ close_reason }) => close_reason)).toEqual(['create-failed', 'create-failed', 'create-failed']);
    for (const id of ['eu-fra', 'us-iad', 'ap-sin'] as const) await calm(id);
  });
});

describe('a decision that is stale when the session is to be opened', () => {
  test('opens nothing in a region after the answer to its cordon, also at a replica that has not heard of it', async () => {
    const [first, second] = stage.products;
    if (!second) throw new Error('two replicas are needed');
    for (let index = 0; index < 3; index += 1) {
      const room = await newRoom();
      const { status } = await first.api.call('POST', '/v1/ops/regions/eu-fra/cordon', { key: stage.product.opsKey });
      expect(status).toBe(200);
      const { status: joined, body } = await second.api.join(room, {}, { from: GERMANY });
      expect([joined, body.region?.id]).toEqual([200, 'us-iad']);
      await first.api.call('POST', '/v1/ops/regions/eu-fra/enable', { key: stage.product.opsKey });
      await eventually(async () => expect((await second.api.call('GET', '/healthz/regions/eu-fra', { key: null })).status).toBe(200));
    }
  });

  test('avoids the region that the caller asks to avoid, for a new session only', async () => {
    const room = await newRoom();
    const avoided = await stage.product.api.join(room, { avoidRegion: 'eu-fra' }, { from: GERMANY });
    expect(avoided.body.region.id).toBe('us-iad');
    const live = await stage.product.api.join(room, { avoidRegion: 'us-iad' }, { from: GERMANY });
    expect(live.body).toMatchObject({ region: { id: 'us-iad' }, decision: { rule: 'live' } });
    const unknown = await stage.product.api.join(room, { avoidRegion: 'nowhere' }, { from: GERMANY });
    expect(unknown.body).toMatchObject({ code: 'region.unknown', errors: [{ path: 'avoidRegion' }] });
  });
});
