import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LivekitFailure } from '../../../src/platform/livekit/livekit-failure.ts';
import type { LivekitGateway } from '../../../src/platform/livekit/livekit-gateway.ts';
import { createSessionCleanup } from '../../../src/sessions/session-cleanup.ts';
import { createSessionClosing } from '../../../src/sessions/session-closing.ts';
import { createReconcilerStore } from '../../../src/sessions/session-reconciler-store.ts';
import { type Session, livekitRoomName } from '../../../src/sessions/session.ts';
import { type StoredSessions, startStoredSessions } from './stored-sessions.ts';

let stored: StoredSessions;
/** What LiveKit answers, and what it was asked. */
let livekit: { delete: () => 'deleted' | 'absent' | LivekitFailure; node: () => 'answers' | 'silent' | LivekitFailure; calls: string[]; meanwhile: () => Promise<void> };

beforeAll(async () => {
  stored = await startStoredSessions();
});
afterAll(() => stored.close());
beforeEach(async () => {
  livekit = { delete: () => 'absent', node: () => 'silent', calls: [], meanwhile: async () => {} };
  await stored.database.query('UPDATE session SET cleanup_due_at = NULL');
});

function answer<T>(value: T | LivekitFailure): T {
  if (value instanceof LivekitFailure) throw value;
  return value;
}

const failure = (code: string, status?: number): LivekitFailure => new LivekitFailure({ kind: 'trouble', method: 'DeleteRoom', code, status, message: 'no' });

/** One round of the region's clean-up. */
async function run(): Promise<void> {
  const gateway: Pick<LivekitGateway, 'deleteRoom' | 'createRoom' | 'probeRoomNode'> = {
    deleteRoom: async () => {
      livekit.calls.push('delete');
      return answer(livekit.delete());
    },
    createRoom: async () => {
      livekit.calls.push('create');
      return {} as never;
    },
    probeRoomNode: async () => {
      livekit.calls.push('ask');
      await livekit.meanwhile();
      return answer(livekit.node());
    },
  };
  await createSessionCleanup({ db: stored.unitOfWork.db }).run('eu-fra', gateway as LivekitGateway, new AbortController().signal);
}

/** A closed session whose room may be there; its last CreateRoom was so long ago. */
function closed(calledSecondsAgo = 3_600): Promise<Session> {
  return stored.openSession({ closed_at: new Date(), close_reason: 'ended', cleanup_due_at: new Date(Date.now() - 1_000), create_called_at: new Date(Date.now() - calledSecondsAgo * 1_000) });
}

interface CleanupRow {
  readonly due_in: number | null;
  readonly cleanup_absent_at: Date | null;
}

async function stateOf({ id }: Session): Promise<CleanupRow | undefined> {
  const [row] = await stored.database.query<CleanupRow>('SELECT extract(epoch FROM cleanup_due_at - now())::float8 AS due_in, cleanup_absent_at FROM session WHERE id = $1', [id]);
  return row;
}

const makeDue = ({ id }: Session) => stored.database.query('UPDATE session SET cleanup_due_at = now() WHERE id = $1', [id]);

describe('the LiveKit room of a closed session', () => {
  test('is gone when it was absent and silent twice', async () => {
    const session = await closed();
    await run();
    expect(await stateOf(session)).toMatchObject({ cleanup_absent_at: expect.any(Date) });
    expect((await stateOf(session))?.due_in).toBeGreaterThan(3);
    await makeDue(session);
    await run();
    expect((await stateOf(session))?.due_in).toBeNull();
    expect(livekit.calls).toEqual(['delete', 'ask', 'delete', 'ask']);
  });

  test('B-06 is looked for once more a minute after the last call that could have made it', async () => {
    const session = await closed(10);
    await run();
    const { due_in: dueIn } = (await stateOf(session)) ?? {};
    expect(dueIn).toBeGreaterThan(40);
    expect(dueIn).toBeLessThan(60);
    await makeDue(session);
    await run();
    expect((await stateOf(session))?.due_in, 'not gone yet, however often it is absent').toBeGreaterThan(40);
  });

  test.each([
    ['a ghost, for which no node answers', () => failure('unavailable', 503)],
    ['one whose node Redis has forgotten', () => failure('unknown', 500)],
  ])('is made anew and deleted when it is %s', async (_what, refusal) => {
    const session = await closed();
    livekit.delete = refusal;
    await run();
    expect(livekit.calls).toEqual(['delete', 'create', 'delete']);
    expect(await stateOf(session)).toMatchObject({ cleanup_absent_at: null });
    expect((await stateOf(session))?.due_in).toBeLessThanOrEqual(5);
    const [row] = await stored.database.query<{ ago: number }>('SELECT extract(epoch FROM now() - create_called_at)::float8 AS ago FROM session WHERE id = $1', [session.id]);
    expect(row?.ago, 'that call could have made it').toBeLessThan(5);
  });

  test('is made anew and deleted when it is hidden: absent, and its node answers', async () => {
    await closed();
    livekit.node = () => 'answers';
    await run();
    expect(livekit.calls).toEqual(['delete', 'ask', 'create', 'delete']);
  });

  test.each(['timeout', 'ECONNREFUSED', 'not_livekit'])('is not made anew because the region did not say anything (%s)', async (code) => {
    const session = await closed();
    livekit.delete = () => failure(code);
    await run();
    expect(livekit.calls).toEqual(['delete']);
    expect((await stateOf(session))?.due_in).toBeLessThanOrEqual(5);
  });

  test('that appears while it is looked for is looked for again, by whoever told and by the list', async () => {
    const session = await closed(10);
    const { sweepLater } = createSessionClosing({ unitOfWork: stored.unitOfWork, rooms: { invalidate: () => {} }, regions: { gatewayOf: () => undefined }, announce: () => {} });
    livekit.meanwhile = () => sweepLater(session);
    await run();
    expect(await stateOf(session)).toMatchObject({ cleanup_absent_at: null });
    expect((await stateOf(session))?.due_in, 'the sweep that had begun before has no say').toBeLessThanOrEqual(0);

    livekit.meanwhile = async () => {};
    await run();
    expect((await stateOf(session))?.due_in).toBeGreaterThan(40);
    await createReconcilerStore(stored.unitOfWork.db).sweepStrays('eu-fra', [livekitRoomName(session), 'somebody-elses', `${session.roomId}.7`]);
    expect((await stateOf(session))?.due_in, 'found absent, and listed').toBeLessThanOrEqual(0);
  });

  test('is claimed by one of many who clean up', async () => {
    await Promise.all(Array.from({ length: 6 }, () => closed()));
    await Promise.all([run(), run(), run()]);
    expect(livekit.calls.filter((call) => call === 'delete')).toHaveLength(6);
  });
});
