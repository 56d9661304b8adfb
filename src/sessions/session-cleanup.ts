import { forEachLimited } from '../kernel/limited.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import { isLivekitFailure } from '../platform/livekit/livekit-failure.ts';
import type { LivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import { roomRequest } from './session-creation.ts';
import { type Session, livekitRoomName } from './session.ts';
import { type SessionRow, fromRow } from './session-row.ts';

/** A closed session whose LiveKit room may still be there. */
export interface DueCleanup {
  readonly session: Session;
  readonly attempt: number;
  readonly absentAt: Date | null;
}

export interface SessionCleanup {
  /** Works on what is due in one region; each row is claimed, so that any number may run at once. */
  run(region: string, gateway: LivekitGateway, signal: AbortSignal): Promise<void>;
}

/** Half of the calls that a region gets at once besides joins: after a crash there are hundreds, and the reconciler's list must not wait for them. */
const SWEEPS_AT_ONCE = 4;
const BATCH = 8;
/** LiveKit takes 3 s to say that no node answers. */
const CALL_TIMEOUT_MS = 4_000;
/** Two rounds of at most four calls each, and some. */
const LEASE_SECONDS = 60;
/** A ghost and a hidden room are tried every 5 s. */
const AGAIN_SECONDS = 5;
/** A CreateRoom that was given up may still succeed; after a minute it has not. */
const LATE_CREATE_SECONDS = 60;

/**
 * Deletes the LiveKit rooms of closed sessions until they are proven gone: absent by DeleteRoom and silent by
 * SendData, twice, the second time a minute after the last call that could have made the room.
 */
export function createSessionCleanup({ db }: { readonly db: Db }): SessionCleanup {
  return {
    run: async (region, gateway, signal) => {
      const due = await claim(db, region);
      await forEachLimited(due, SWEEPS_AT_ONCE, async (each) => {
        if (!signal.aborted) await sweep(db, gateway, each);
      });
    },
  };
}

async function claim(db: Db, region: string): Promise<DueCleanup[]> {
  const rows = await db.$queryRaw<(SessionRow & { cleanup_attempt: number; cleanup_absent_at: Date | null })[]>`
    UPDATE session SET cleanup_attempt = cleanup_attempt + 1, cleanup_due_at = now() + ${LEASE_SECONDS} * interval '1 second'
    WHERE id IN (
      SELECT id FROM session WHERE region = ${region} AND cleanup_due_at <= now()
      ORDER BY cleanup_due_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
    RETURNING *`;
  return rows.map((row) => ({ session: fromRow(row), attempt: row.cleanup_attempt, absentAt: row.cleanup_absent_at }));
}

async function sweep(db: Db, gateway: LivekitGateway, due: DueCleanup): Promise<void> {
  const state = await remove(gateway, livekitRoomName(due.session));
  if (state === 'gone') await noteGone(db, due);
  else if (await again(db, due, state === 'ghost')) await revive(gateway, due, state);
}

/** 503: no node answers. 500: Redis does not know the room's node any more. A balancer or a time-out says neither. */
const LIVEKITS_OWN: ReadonlySet<string> = new Set(['unavailable', 'unknown']);

/**
 * - `ghost`: LiveKit cannot delete it as it is, since no node answers for it, or since its store has lost it;
 * - `unknown`: the region did not say; it is asked again.
 */
type RoomRemains = 'deleted' | 'gone' | 'ghost' | 'unknown';

async function remove(gateway: LivekitGateway, name: string): Promise<RoomRemains> {
  try {
    if ((await gateway.deleteRoom(name, { timeoutMs: CALL_TIMEOUT_MS })) === 'deleted') return 'deleted';
    return (await gateway.probeRoomNode(name)) === 'silent' ? 'gone' : 'ghost';
  } catch (error) {
    return isLivekitFailure(error, 'trouble') && LIVEKITS_OWN.has(error.code) ? 'ghost' : 'unknown';
  }
}

/** Making the room anew gives it a node that answers, and an entry that can be deleted. */
async function revive(gateway: LivekitGateway, { session }: DueCleanup, state: RoomRemains): Promise<void> {
  if (state !== 'ghost') return;
  try {
    await gateway.createRoom(roomRequest(session), { timeoutMs: CALL_TIMEOUT_MS, lane: 'background' });
    await gateway.deleteRoom(livekitRoomName(session), { timeoutMs: CALL_TIMEOUT_MS });
  } catch {
    // Its node still counts as alive, or the region has gone away: the next round tries again.
  }
}

/** Twice absent, the second time late enough, ends the work; else it comes back when that can be said. */
async function noteGone(db: Db, { session, attempt, absentAt }: DueCleanup): Promise<void> {
  await db.$executeRaw`
    UPDATE session SET
      cleanup_absent_at = coalesce(cleanup_absent_at, now()),
      cleanup_due_at = CASE
        WHEN ${absentAt !== null} AND coalesce(create_called_at, opened_at) + ${LATE_CREATE_SECONDS} * interval '1 second' <= now() THEN NULL
        ELSE greatest(now() + ${AGAIN_SECONDS} * interval '1 second',
                      coalesce(create_called_at, opened_at) + ${LATE_CREATE_SECONDS} * interval '1 second') END
    WHERE id = ${session.id} AND cleanup_attempt = ${attempt}`;
}

/** False when somebody else has taken the sweep over, who then goes on with it. */
async function again(db: Db, { session, attempt }: DueCleanup, revives: boolean): Promise<boolean> {
  const held = await db.$executeRaw`
    UPDATE session SET cleanup_due_at = now() + ${AGAIN_SECONDS} * interval '1 second',
                       cleanup_absent_at = CASE WHEN ${revives} THEN NULL ELSE cleanup_absent_at END,
                       create_called_at = CASE WHEN ${revives} THEN now() ELSE create_called_at END
    WHERE id = ${session.id} AND cleanup_attempt = ${attempt}`;
  return held === 1;
}
