import { isId } from '../kernel/ids.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { Entry } from './session-events.ts';
import type { Session } from './session.ts';

/** An entry of somebody, with the join grant that it was made with. */
export interface EntryToKeep extends Entry {
  readonly kind: string;
  readonly joinedAt: Date | undefined;
  readonly grantId: string | undefined;
}

/** Rows of `participant`. Whoever writes holds the session's row, so that its people change one after the other. */
export interface PresenceStore {
  /** Keeps entries that are not kept yet; those whose leaving was noted before `seenAt` are inside again. */
  enter(session: Session, entries: readonly EntryToKeep[], seenAt?: Date): Promise<Entry[]>;
  /** Notes that these are gone; who was gone already is left out of the answer. */
  leave(session: Session, participantSids: readonly string[]): Promise<Entry[]>;
  /** Joins grants with the entries made with them. The grant's own row may come later: it is written in batches. */
  noteGrantsUsed(session: Session, entries: readonly EntryToKeep[]): Promise<void>;
  /** Brings the session's own count up to date; `someoneLeft` restarts the time after which LiveKit ends the room. */
  recount(session: Session, someoneLeft: boolean): Promise<void>;
  /** Notes that the whole list of people was read. */
  noteRead(session: Session, at: Date): Promise<void>;
  listSids(sessionId: string): Promise<string[]>;
}

export function createPresenceStore(db: Db): PresenceStore {
  return {
    enter: (session, entries, seenAt) => enter(db, session, entries, seenAt ?? null),
    leave: async (session, participantSids) => {
      const rows = await db.$queryRaw<EntryRow[]>`
        UPDATE participant SET left_at = now()
        WHERE session_id = ${session.id} AND participant_sid = ANY(${[...participantSids]}) AND left_at IS NULL
        RETURNING participant_sid, identity, display_name, role`;
      return rows.map(toEntry);
    },
    noteGrantsUsed: (session, entries) => noteGrantsUsed(db, session, entries),
    recount: async ({ id }, someoneLeft) => {
      await db.$executeRaw`
        WITH now_inside AS (
          SELECT count(DISTINCT identity)::int AS people FROM participant WHERE session_id = ${id} AND left_at IS NULL)
        UPDATE session SET inside = people, last_left_at = CASE WHEN ${someoneLeft} THEN now() ELSE last_left_at END
        FROM now_inside WHERE id = ${id}`;
    },
    noteRead: async ({ id }, at) => {
      await db.$executeRaw`UPDATE session SET participants_read_at = ${at} WHERE id = ${id}`;
    },
    listSids: async (sessionId) => {
      const rows = await db.participant.findMany({ where: { sessionId, leftAt: null }, select: { participantSid: true } });
      return rows.map(({ participantSid }) => participantSid);
    },
  };
}

export interface EntryRow {
  readonly participant_sid: string;
  readonly identity: string;
  readonly display_name: string;
  readonly role: string | null;
}

export function toEntry(row: EntryRow): Entry {
  return { participantSid: row.participant_sid, identity: row.identity, displayName: row.display_name, role: row.role };
}

/** One statement, however many: a room of a thousand is read as often as a room of two. */
async function enter(db: Db, session: Session, entries: readonly EntryToKeep[], seenAt: Date | null): Promise<Entry[]> {
  if (entries.length === 0) return [];
  const rows = await db.$queryRaw<EntryRow[]>`
    INSERT INTO participant (session_id, participant_sid, identity, kind, display_name, role, joined_at)
    SELECT ${session.id}, "participantSid", identity, kind, "displayName", role, coalesce("joinedAt", now())
    FROM jsonb_to_recordset(${JSON.stringify(entries)}::jsonb)
      AS row ("participantSid" text, identity text, kind text, "displayName" text, role text, "joinedAt" timestamptz)
    ON CONFLICT (session_id, participant_sid) DO UPDATE SET left_at = NULL
      WHERE participant.left_at < ${seenAt}::timestamptz
    RETURNING participant_sid, identity, display_name, role`;
  return rows.map(toEntry);
}

/** Only a grant of this session and this identity: an agent may write what it likes into its attributes. */
async function noteGrantsUsed(db: Db, session: Session, entries: readonly EntryToKeep[]): Promise<void> {
  const used = entries.filter(({ grantId }) => grantId !== undefined && isId('grant', grantId));
  if (used.length === 0) return;
  // In the order of the grant log's own batches, so that the two never wait for each other.
  const sorted = used.map(({ grantId, identity, role }) => ({ grantId, identity, role })).sort((a, b) => ((a.grantId ?? '') < (b.grantId ?? '') ? -1 : 1));
  await db.$executeRaw`
    INSERT INTO join_grant (id, tenant_id, room_id, session_id, identity, role, region, at, entered_at)
    SELECT "grantId", ${session.tenantId}, ${session.roomId}, ${session.id}, identity, coalesce(role, 'participant'), ${session.region}, now(), now()
    FROM jsonb_to_recordset(${JSON.stringify(sorted)}::jsonb) AS row ("grantId" text, identity text, role text)
    ON CONFLICT (id) DO UPDATE SET entered_at = now()
      WHERE join_grant.entered_at IS NULL AND join_grant.session_id = excluded.session_id AND join_grant.identity = excluded.identity`;
}
