import type { ParticipantKind } from '../platform/livekit/livekit-message.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import { type Entry, participantMoved } from './session-events.ts';
import type { Session } from './session.ts';

/** One entry of a participant as LiveKit tells it. */
export interface SeenParticipant {
  readonly sid: string;
  readonly identity: string;
  readonly name: string;
  readonly kind: ParticipantKind | undefined;
  readonly joinedAt: Date | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

/** People are participants of these kinds. Recorders, ingress and agents count nowhere as people. */
export function isPerson({ kind, identity }: Pick<SeenParticipant, 'kind' | 'identity'>): boolean {
  return (kind === 'standard' || kind === 'sip' || kind === undefined) && !identity.startsWith('EG_');
}

/** The person inside, as this module's readers see it. */
export interface PersonInside {
  readonly identity: string;
  readonly displayName: string;
  readonly role: string | null;
  readonly joinedAt: Date;
}

export interface Presence {
  /** Merges what was seen: idempotent for each entry, in any order; a late "joined" never revives who has left. */
  joined(session: Session, participant: SeenParticipant): Promise<void>;
  left(session: Session, participant: SeenParticipant): Promise<void>;
  /** Makes the people inside those of a complete list that was asked for at `askedAt`. */
  replace(session: Session, participants: readonly SeenParticipant[], askedAt: Date): Promise<void>;
  listInside(sessionId: string): Promise<PersonInside[]>;
}

interface EntryRow {
  readonly participant_sid: string;
  readonly identity: string;
  readonly display_name: string;
  readonly role: string | null;
}

export function createPresence({ unitOfWork }: { readonly unitOfWork: UnitOfWork }): Presence {
  /** The session's row is locked first, so that its events keep the order of their commits. */
  async function locked(session: Session, work: (bound: Work) => Promise<void>): Promise<void> {
    await unitOfWork.run(async (bound) => {
      const open = await bound.db.$queryRaw<unknown[]>`SELECT FROM session WHERE id = ${session.id} AND closed_at IS NULL FOR UPDATE`;
      if (open.length === 0) return;
      await work(bound);
      await recount(bound.db, session.id);
    });
  }

  return {
    joined: (session, participant) => locked(session, (work) => noteJoined(work, session, participant)),
    left: (session, participant) => locked(session, (work) => noteLeft(work, session, participant)),
    replace: (session, participants, askedAt) =>
      locked(session, async (work) => {
        for (const participant of participants) await noteJoined(work, session, participant);
        await noteMissing(work, session, participants, askedAt);
        await work.db.$executeRaw`UPDATE session SET participants_read_at = now() WHERE id = ${session.id}`;
      }),
    listInside: async (sessionId) => {
      const rows = await unitOfWork.db.participant.findMany({ where: { sessionId, leftAt: null }, orderBy: { joinedAt: 'asc' } });
      return rows.map(({ identity, displayName, role, joinedAt }) => ({ identity, displayName, role, joinedAt }));
    },
  };
}

async function noteJoined({ db, appendEvent }: Work, session: Session, participant: SeenParticipant): Promise<void> {
  const { sid, identity, name, kind, joinedAt, attributes } = participant;
  const role = attributes['meridian.role'] ?? null;
  const inserted = await db.$executeRaw`
    INSERT INTO participant (session_id, participant_sid, identity, kind, display_name, role, joined_at)
    VALUES (${session.id}, ${sid}, ${identity}, ${kind ?? 'standard'}, ${name}, ${role}, coalesce(${joinedAt ?? null}, now()))
    ON CONFLICT DO NOTHING`;
  const grant = attributes['meridian.grant'];
  if (grant !== undefined) await db.$executeRaw`UPDATE join_grant SET entered_at = now() WHERE id = ${grant} AND entered_at IS NULL`;
  const entry: Entry = { participantSid: sid, identity, displayName: name, role };
  if (inserted === 1) await appendEvent(participantMoved(session, 'joined', entry));
}

async function noteLeft({ db, appendEvent }: Work, session: Session, participant: SeenParticipant): Promise<void> {
  const { sid, identity, name, kind, joinedAt } = participant;
  // Without a row its "joined" is still on its way, or lost; the row keeps that from reviving it.
  const rows = await db.$queryRaw<EntryRow[]>`
    INSERT INTO participant (session_id, participant_sid, identity, kind, display_name, joined_at, left_at)
    VALUES (${session.id}, ${sid}, ${identity}, ${kind ?? 'standard'}, ${name}, coalesce(${joinedAt ?? null}, now()), now())
    ON CONFLICT (session_id, participant_sid) DO UPDATE SET left_at = now() WHERE participant.left_at IS NULL
    RETURNING participant_sid, identity, display_name, role`;
  for (const row of rows) await appendEvent(participantMoved(session, 'left', toEntry(row)));
}

async function noteMissing({ db, appendEvents }: Work, session: Session, present: readonly SeenParticipant[], askedAt: Date): Promise<void> {
  const sids = present.map(({ sid }) => sid);
  const rows = await db.$queryRaw<EntryRow[]>`
    UPDATE participant SET left_at = now()
    WHERE session_id = ${session.id} AND left_at IS NULL AND joined_at < ${askedAt} AND NOT participant_sid = ANY(${sids})
    RETURNING participant_sid, identity, display_name, role`;
  await appendEvents(rows.map((row) => participantMoved(session, 'left', toEntry(row))));
}

function toEntry(row: EntryRow): Entry {
  return { participantSid: row.participant_sid, identity: row.identity, displayName: row.display_name, role: row.role };
}

async function recount(db: Db, sessionId: string): Promise<void> {
  await db.$executeRaw`
    WITH now_inside AS (
      SELECT count(DISTINCT identity)::int AS people FROM participant WHERE session_id = ${sessionId} AND left_at IS NULL)
    UPDATE session SET inside = people, last_sign_at = now(),
                       last_left_at = CASE WHEN people < inside THEN now() ELSE last_left_at END
    FROM now_inside WHERE id = ${sessionId}`;
}
