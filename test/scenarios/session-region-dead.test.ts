import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { PlaceId } from '../support/test-regions.ts';
import { GERMANY, type SessionStage, openStage } from './session-stage.ts';

/** In place of the minute of a deployment. */
const ABANDON_AFTER_MS = 2_000;
/** Two probes that fail, one that is late, and the writing of it. */
const PROOF_MS = 8_000;

let stage: SessionStage;

beforeAll(async () => {
  stage = await openStage({
    regions: ['eu-fra', 'us-iad', 'ap-sin'],
    environment: { MERIDIAN_SESSION_ABANDON_AFTER: `${ABANDON_AFTER_MS / 1000}s` },
  });
}, 60_000);
afterAll(() => stage.close());

const join = (room: string) => stage.product.api.join(room, {}, { from: GERMANY });

async function liveRoom(body: Record<string, unknown> = {}): Promise<string> {
  const { id } = await stage.product.api.makeRoom(body);
  expect((await join(id)).body).toMatchObject({ region: { id: 'eu-fra' }, session: { epoch: 1 } });
  return id;
}

async function restart(region: PlaceId): Promise<void> {
  await stage.region(region).control('POST', 'restart');
  await eventually(async () => expect(await stage.isAccepting(region)).toBe(true), { timeoutMs: 30_000, everyMs: 100 });
}

const closings = async (room: string): Promise<(string | null)[]> => (await stage.sessionsOf(room)).map(({ close_reason }) => close_reason);

describe('S4-14 a region that dies takes no meeting with it', () => {
  test('its rooms reopen elsewhere at their next join, except where a strict pin or the residency says no', async () => {
    const free = await liveRoom();
    const crowded = await liveRoom();
    const doubtful = await liveRoom();
    const hidden = await liveRoom();
    const pinned = await liveRoom({ region: { mode: 'pinned', id: 'eu-fra', fallback: 'strict' } });
    const resident = await liveRoom({ residency: { jurisdictions: ['EU'] } });
    await stage.database.query('UPDATE session SET doubtful_at = now(), inside = 1 WHERE room_id = $1', [doubtful]);
    await stage.database.query('UPDATE session SET hidden_at = now(), inside = 1 WHERE room_id = $1', [hidden]);
    await stage.region('eu-fra').control('POST', 'kill');
    const killedMs = performance.now();

    // Until it is proven dead its rooms get tokens: a client may still get in, and another replica may see it alive.
    for (const room of [free, pinned, resident]) expect((await join(room)).body).toMatchObject({ session: { epoch: 1 } });
    const reopened = await eventually(async () => {
      const answer = await join(free);
      expect(answer.body).toMatchObject({ session: { epoch: 2 } });
      return answer;
    }, { timeoutMs: 20_000, everyMs: 100 });
    const afterMs = performance.now() - killedMs;
    expect(afterMs).toBeGreaterThanOrEqual(ABANDON_AFTER_MS);
    expect(afterMs).toBeLessThan(ABANDON_AFTER_MS + PROOF_MS);
    expect(reopened.body.region.id).toBe('us-iad');
    expect(await closings(free)).toEqual(['region-lost', null]);

    const answers = await Promise.all(Array.from({ length: 10 }, () => join(crowded)));
    expect(new Set(answers.map(({ body }) => `${body.session?.id} ${body.session?.epoch}`)).size, 'many at once open one next epoch').toBe(1);
    for (const room of [doubtful, hidden]) {
      expect((await join(room)).body, 'whatever was doubted before').toMatchObject({ region: { id: 'us-iad' }, session: { epoch: 2 } });
    }

    const waiting = await join(pinned);
    expect([waiting.status, waiting.body.code]).toEqual([503, 'placement.pinned-unavailable']);
    const kept = await join(resident);
    expect([kept.status, kept.body.code]).toEqual([503, 'placement.no-region']);
    expect([await closings(pinned), await closings(resident)], 'nothing is closed where nothing can be opened').toEqual([[null], [null]]);

    await restart('eu-fra');
    for (const room of [pinned, resident]) {
      await eventually(async () => expect((await join(room)).status).toBe(200), { timeoutMs: 5_000 });
    }
    // What it still lists under the old epoch is made anew and deleted; nobody gets in there.
    const removed = async (): Promise<unknown[]> => (await stage.truthOf('eu-fra', 'room.finished')).filter(({ room }) => room === `${free}.1`);
    await eventually(async () => expect(await removed()).not.toEqual([]), { timeoutMs: 20_000, everyMs: 100 });
    expect((await join(free)).body).toMatchObject({ region: { id: 'us-iad' }, session: { epoch: 2 } });
  });

  test('and at once on an operator\'s word, whatever its health', async () => {
    const { id: room } = await stage.product.api.makeRoom({ region: { mode: 'pinned', id: 'ap-sin', fallback: 'nearest' } });
    expect((await join(room)).body).toMatchObject({ region: { id: 'ap-sin' }, session: { epoch: 1 } });
    const { status } = await stage.product.api.call('POST', '/v1/ops/regions/ap-sin/abandon', { key: stage.product.opsKey });
    expect(status).toBe(202);
    expect(await closings(room)).toEqual(['region-lost']);
    expect((await join(room)).body).toMatchObject({ session: { epoch: 2 } });
    expect((await stage.sessionsOf(room)).at(-1)?.region).not.toBe('ap-sin');
    await eventually(async () => expect((await stage.roomsIn('ap-sin')).map(({ name }) => name)).not.toContain(`${room}.1`), { timeoutMs: 10_000 });
  });
});
