import type { UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import { type EntryRow, toEntry } from './presence-store.ts';
import { participantMoved, sessionClosed } from './session-events.ts';
import type { RoomStates, SessionRegions } from './session-ports.ts';
import { type CloseReason, type Session, livekitRoomName } from './session.ts';
import { type CloseCondition, createSessionStore } from './session-store.ts';

/** The first attempt to delete the LiveKit room; the region's clean-up repeats it until the room is gone. */
const FIRST_DELETE_TIMEOUT_MS = 2_000;

export interface SessionClosing {
  /** Closes an open session in its own transaction; undefined when somebody else did, or the condition does not hold. */
  close(session: Session, reason: CloseReason, condition?: CloseCondition): Promise<Session | undefined>;
  /** The same inside a transaction of the caller's, who then calls `afterCommit`. */
  closeIn(work: Work, session: Session, reason: CloseReason, condition?: CloseCondition): Promise<Session | undefined>;
  /** Tells what must be told once the closing is committed. */
  afterCommit(session: Session): void;
  /** Makes sure that a LiveKit room which should not be there is removed. */
  sweepLater(session: Session): Promise<void>;
}

export function createSessionClosing(options: {
  readonly unitOfWork: UnitOfWork;
  readonly rooms: Pick<RoomStates, 'invalidate'>;
  readonly regions: Pick<SessionRegions, 'gatewayOf'>;
  /** Wakes the other replicas: their cached session is over. */
  readonly announce: () => void;
}): SessionClosing {
  const { unitOfWork, rooms, regions, announce } = options;

  async function closeIn(work: Work, session: Session, reason: CloseReason, condition?: CloseCondition): Promise<Session | undefined> {
    const closed = await createSessionStore(work.db).close(session.id, reason, condition);
    if (closed) await settle(work, [closed], reason);
    return closed;
  }

  function afterCommit(session: Session): void {
    rooms.invalidate(session.roomId);
    announce();
    // In vain when the region is away or the room has gone by itself: the clean-up knows, and comes back.
    regions.gatewayOf(session.region)?.deleteRoom(livekitRoomName(session), { timeoutMs: FIRST_DELETE_TIMEOUT_MS }).catch(() => {});
  }

  return {
    closeIn,
    afterCommit,
    close: async (session, reason, condition) => {
      const closed = await unitOfWork.run((work) => closeIn(work, session, reason, condition));
      if (closed) afterCommit(closed);
      else rooms.invalidate(session.roomId);
      return closed;
    },
    sweepLater: (session) => sweepLater(unitOfWork.db, session),
  };
}

/** What belongs to every closing: nobody is inside any more, and sessions that were live are announced as closed. */
export async function settle(work: Work, closed: readonly Session[], reason: CloseReason): Promise<void> {
  const sessions = new Map<string, Session>(closed.map((session) => [session.id, session]));
  const gone = await work.db.$queryRaw<(EntryRow & { session_id: string })[]>`
    UPDATE participant SET left_at = now() WHERE session_id = ANY(${[...sessions.keys()]}) AND left_at IS NULL
    RETURNING session_id, participant_sid, identity, display_name, role`;
  const left = gone.flatMap((row) => {
    const session = sessions.get(row.session_id);
    return session ? [participantMoved(session, 'left', toEntry(row))] : [];
  });
  await work.appendEvents([...left, ...closed.filter(({ liveAt }) => liveAt).map((session) => sessionClosed(session, reason))]);
}

/** A sweep under way loses its claim: what it finds may be older than the reason for this one. */
async function sweepLater(db: Db, session: Session): Promise<void> {
  await db.$executeRaw`
    UPDATE session SET cleanup_due_at = now(), cleanup_absent_at = NULL, cleanup_attempt = cleanup_attempt + 1
    WHERE id = ${session.id} AND closed_at IS NOT NULL`;
}
