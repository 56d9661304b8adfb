import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeId } from '../../../src/kernel/ids.ts';
import type { HotQueries } from '../../../src/platform/database/hot-queries.ts';
import type { Logger } from '../../../src/platform/telemetry/logger.ts';
import type { Session } from '../../../src/sessions/session.ts';
import type { JoinGrantRecord } from '../../../src/tokens/join-grant.ts';
import { createJoinGrantLog } from '../../../src/tokens/join-grant-log.ts';
import { insertGrants, takeSeat } from '../../../src/tokens/join-grant-store.ts';
import { eventually } from '../../support/eventually.ts';
import { type StoredSessions, startStoredSessions } from '../sessions/stored-sessions.ts';

let stored: StoredSessions;
const quiet = { warn: () => {} } as unknown as Logger;

beforeAll(async () => {
  stored = await startStoredSessions();
});
afterAll(() => stored.close());

function grantOf(session: Session, identity: string, at = new Date()): JoinGrantRecord {
  return { id: makeId('grant'), tenantId: 'default', roomId: session.roomId, sessionId: session.id, identity, role: 'participant', region: session.region, at, networkPrefix: null };
}

async function enter(session: Session, sid: string, identity: string): Promise<void> {
  await stored.database.query("INSERT INTO participant (session_id, participant_sid, identity, kind, joined_at) VALUES ($1, $2, $3, 'standard', now())", [session.id, sid, identity]);
}

const seat = (session: Session, identity: string, max: number) => takeSeat(stored.unitOfWork, grantOf(session, identity), max);
const grantsOf = async ({ id }: Session): Promise<string[]> =>
  (await stored.database.query<{ identity: string }>('SELECT identity FROM join_grant WHERE session_id = $1 ORDER BY identity', [id])).map(({ identity }) => identity);

describe('the seats of a room with a maximum', () => {
  test('are taken by exactly as many as there are, however many ask at once', async () => {
    const session = await stored.openSession();
    const results = await Promise.allSettled(Array.from({ length: 40 }, (_, index) => seat(session, `g:${index}`, 7)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
    const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
    expect(new Set(refusals)).toEqual(new Set(['room.full']));
    expect(await grantsOf(session)).toHaveLength(7);
  });

  test('are held by who is inside and by grants of the last 30 s, each identity once', async () => {
    const session = await stored.openSession();
    await enter(session, 'PA_1', 'g:ada');
    await enter(session, 'PA_2', 'g:ada');
    await insertGrants(stored.unitOfWork.db, [grantOf(session, 'g:ada'), grantOf(session, 'g:fresh'), grantOf(session, 'g:old', new Date(Date.now() - 31_000))]);
    expect(await seat(session, 'g:bob', 3)).toBe(true);
    await expect(seat(session, 'g:carol', 3)).rejects.toMatchObject({ code: 'room.full', detail: expect.stringContaining('3') });
  });

  test('are never refused to who is inside already, or has just been given one', async () => {
    const session = await stored.openSession();
    await enter(session, 'PA_1', 'g:ada');
    expect(await seat(session, 'g:ada', 1)).toBe(true);
    await expect(seat(session, 'g:bob', 1)).rejects.toMatchObject({ code: 'room.full' });
    const other = await stored.openSession();
    expect(await seat(other, 'g:bob', 1)).toBe(true);
    expect(await seat(other, 'g:bob', 1), 'the same guest asks twice').toBe(true);
  });

  test('are free again for others once somebody has left, half a minute after the last grant', async () => {
    const session = await stored.openSession();
    await insertGrants(stored.unitOfWork.db, [grantOf(session, 'g:ada', new Date(Date.now() - 31_000))]);
    await enter(session, 'PA_1', 'g:ada');
    await expect(seat(session, 'g:bob', 1)).rejects.toMatchObject({ code: 'room.full' });
    await stored.database.query('UPDATE participant SET left_at = now() WHERE session_id = $1', [session.id]);
    expect(await seat(session, 'g:bob', 1)).toBe(true);
  });

  test('S1-05 are not there in a session that is over, and no grant is written', async () => {
    const session = await stored.openSession({ closed_at: new Date(), close_reason: 'ended' });
    expect(await seat(session, 'g:ada', 10)).toBe(false);
    expect(await grantsOf(session)).toEqual([]);
  });
});

describe('the grant log', () => {
  test('writes what waits by itself within a second, and the rest when it is told to', async () => {
    const session = await stored.openSession();
    const log = createJoinGrantLog({ hot: stored.hot, logger: quiet });
    log.append(grantOf(session, 'g:1'));
    await eventually(async () => expect(await grantsOf(session)).toEqual(['g:1']), { timeoutMs: 2_500 });
    for (let index = 0; index < 1_200; index += 1) log.append(grantOf(session, `g:more-${index}`));
    await log.flush();
    expect(await grantsOf(session)).toHaveLength(1_201);
  });

  test('keeps what could not be written, and writes each grant once', async () => {
    const session = await stored.openSession();
    let isAway = true;
    const rows: HotQueries['rows'] = (query, values) => (isAway ? Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' })) : stored.hot.rows(query, values));
    const log = createJoinGrantLog({ hot: { rows }, logger: quiet });
    for (const identity of ['g:1', 'g:2', 'g:3']) log.append(grantOf(session, identity));
    await log.flush();
    expect(await grantsOf(session)).toEqual([]);
    isAway = false;
    await log.flush();
    await log.flush();
    expect(await grantsOf(session)).toEqual(['g:1', 'g:2', 'g:3']);
  });
});
