import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type SessionAbandonment, createSessionAbandonment } from '../../../src/sessions/session-abandonment.ts';
import { createSessionClosing } from '../../../src/sessions/session-closing.ts';
import type { Session } from '../../../src/sessions/session.ts';
import { type StoredSessions, startStoredSessions } from './stored-sessions.ts';

let stored: StoredSessions;
let session: Session;

beforeAll(async () => {
  stored = await startStoredSessions();
});
afterAll(() => stored.close());

function abandonmentAfter(afterSeconds: number): SessionAbandonment {
  const closing = createSessionClosing({
    unitOfWork: stored.unitOfWork,
    rooms: { invalidate: () => {} },
    regions: { gatewayOf: () => undefined },
    announce: () => {},
  });
  return createSessionAbandonment({ unitOfWork: stored.unitOfWork, closing, afterSeconds });
}

interface Silence {
  readonly darkFor?: number | null;
  readonly failedAgo?: number | null;
  readonly signAgo?: number | null;
}

/** Writes what the replicas together know of a region; all in seconds before now. */
async function setHealth(region: string, { darkFor = null, failedAgo = null, signAgo = null }: Silence): Promise<void> {
  await stored.database.query(
    `INSERT INTO region (id, revision, document, secrets, admin_state, updated_at) VALUES ($1, 1, '{}', '{}', 'enabled', now()) ON CONFLICT DO NOTHING`,
    [region],
  );
  await stored.database.query(
    `INSERT INTO region_health (region_id, dark_since, last_failure_at, last_sign_at)
     VALUES ($1, now() - $2 * interval '1 second', now() - $3 * interval '1 second', now() - $4 * interval '1 second')
     ON CONFLICT (region_id) DO UPDATE SET dark_since = excluded.dark_since, last_failure_at = excluded.last_failure_at, last_sign_at = excluded.last_sign_at`,
    [region, darkFor, failedAgo, signAgo],
  );
}

const DEAD: Silence = { darkFor: 61, failedAgo: 1, signAgo: 61 };
const ALIVE: Silence = { signAgo: 1 };

beforeEach(async () => {
  await stored.database.query('DELETE FROM region_health');
  await stored.database.query('DELETE FROM region');
  session = await stored.openSession();
  await setHealth('us-iad', ALIVE);
  await setHealth('ap-sin', ALIVE);
});

describe('S4-14 a session of a silent region is closed', () => {
  test.each<[string, Silence, boolean]>([
    ['when failed probes have spanned the time and no sign came', DEAD, true],
    ['also when no sign ever came', { ...DEAD, signAgo: null }, true],
    ['not before the failed probes span it', { ...DEAD, darkFor: 59 }, false],
    ['not when any replica had a sign of life in it', { ...DEAD, signAgo: 59 }, false],
    ['not when the newest failed probe is over 10 s old: nobody was looking', { ...DEAD, failedAgo: 11 }, false],
    ['not when nothing ever failed', ALIVE, false],
  ])('%s', async (_when, silence, expected) => {
    await setHealth('eu-fra', silence);
    const abandonment = abandonmentAfter(60);
    expect(await abandonment.isProvenDead('eu-fra')).toBe(expected);
    const closed = await abandonment.abandon(session);
    expect(closed?.closeReason).toBe(expected ? 'region-lost' : undefined);
    expect((await stored.reread(session)).closedAt !== null).toBe(expected);
  });

  test('never while more than half of the regions look dead: the fault is then ours', async () => {
    await setHealth('eu-fra', DEAD);
    await setHealth('us-iad', { darkFor: 3, failedAgo: 1, signAgo: 5 });
    expect(await abandonmentAfter(60).abandon(session)).toBeUndefined();
    await setHealth('us-iad', ALIVE);
    expect(await abandonmentAfter(60).abandon(session)).toMatchObject({ closeReason: 'region-lost' });
  });

  test('of exactly half it may be', async () => {
    await stored.database.query("DELETE FROM region WHERE id = 'ap-sin'");
    await setHealth('eu-fra', DEAD);
    expect(await abandonmentAfter(60).isProvenDead('eu-fra')).toBe(true);
  });

  test('never when the time is set to 0', async () => {
    await setHealth('eu-fra', { darkFor: 100_000, failedAgo: 1, signAgo: 100_000 });
    const abandonment = abandonmentAfter(0);
    expect(await abandonment.isProvenDead('eu-fra')).toBe(false);
    expect(await abandonment.abandon(session)).toBeUndefined();
  });

  test('by one of many callers, and announced once with everybody who was inside', async () => {
    await setHealth('eu-fra', DEAD);
    await stored.database.query(
      "INSERT INTO participant (session_id, participant_sid, identity, kind, joined_at) VALUES ($1, 'PA_1', 'g:1', 'standard', now())",
      [session.id],
    );
    const closed = await Promise.all(Array.from({ length: 5 }, () => abandonmentAfter(60).abandon(session)));
    expect(closed.filter((each) => each !== undefined)).toHaveLength(1);
    const events = await stored.eventsOf(session);
    expect(events.map(({ type }) => type)).toEqual(['participant.left', 'session.closed']);
    expect(events[1]?.data).toMatchObject({ reason: 'region-lost', region: 'eu-fra' });
    expect((await stored.reread(session)).inside).toBe(0);
  });

  test('with all others of the region at once on an operator\'s word, opening ones without an announcement', async () => {
    const opening = await stored.openSession({ live_at: null, livekit_sid: null });
    const elsewhere = await stored.openSession({ region: 'us-iad' });
    const closed = await stored.unitOfWork.run((work) => abandonmentAfter(0).abandonAll(work, 'eu-fra'));
    expect(closed.map(({ id }) => id)).toEqual(expect.arrayContaining([session.id, opening.id]));
    expect((await stored.reread(elsewhere)).closedAt).toBeNull();
    expect((await stored.eventsOf(session)).map(({ type }) => type)).toEqual(['session.closed']);
    expect(await stored.eventsOf(opening)).toEqual([]);
  });
});
