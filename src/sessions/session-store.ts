import { Prisma } from '../generated/prisma/client.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { RoomId, SessionId } from '../kernel/ids.ts';
import { type Page, type PageRequest, decodeIdCursor, toPage } from '../kernel/page.ts';
import type { CloseReason, RoomConfig, Session, SessionFilter } from './session.ts';
import { type SessionRow, fromRow } from './session-row.ts';

export interface NewSession {
  readonly id: SessionId;
  readonly roomId: RoomId;
  readonly roomRevision: number;
  readonly tenantRevision: number;
  readonly region: string;
  readonly regionRevision: number;
  readonly decisionId: string;
  readonly emptyTimeoutSeconds: number;
  readonly departureTimeoutSeconds: number;
  readonly maxParticipants: number | null;
  readonly roomConfig: RoomConfig;
}

/**
 * What must still hold when a session is closed: `empty` nobody is known inside, `silent` its node was found silent
 * 10 s ago and has not answered since. Told by Postgres' clock, in the statement itself.
 */
export type CloseCondition = 'open' | 'empty' | 'silent';

/** The second question to a silent node comes this much later: one lost answer is no death. */
const SECOND_QUESTION_SECONDS = 10;
/** A CreateRoom that was not answered for a minute never will be. */
const OPENING_LIMIT_SECONDS = 60;

/** Every write is conditional and tells whether it won. */
export interface SessionStore {
  /**
   * Opens a session, fenced: room, tenant and region must be as they were when it was decided. Undefined when they
   * are not, or when another session of the room is open.
   */
  open(session: NewSession): Promise<Session | undefined>;
  /** Opening → live. Undefined when it was not opening any more. */
  makeLive(id: SessionId, livekitSid: string): Promise<Session | undefined>;
  /** Notes that CreateRoom is about to be called; false when the session is not opening any more. */
  noteCreateCall(id: SessionId): Promise<boolean>;
  /** Closes an opening session whose LiveKit room could not be made. */
  failCreate(id: SessionId): Promise<boolean>;
  /** The same for all of a region that have been opening for a minute; their ids. */
  failForgotten(region: string): Promise<string[]>;
  /** Closes an open session; undefined when somebody else did, or the condition does not hold. */
  close(id: SessionId, reason: CloseReason, condition?: CloseCondition): Promise<Session | undefined>;
  find(id: string): Promise<Session | undefined>;
  findOpen(roomId: string): Promise<Session | undefined>;
  findByEpoch(roomId: string, epoch: number): Promise<Session | undefined>;
  /** The session of the room's highest epoch. */
  findNewest(roomId: string): Promise<Session | undefined>;
  list(filter: SessionFilter, page: PageRequest): Promise<Page<Session>>;
  listOpenIn(region: string): Promise<Session[]>;
  listOpenOf(roomIds: readonly string[]): Promise<Session[]>;
  countOpenIn(region: string): Promise<number>;
}

export function createSessionStore(db: Db): SessionStore {
  const one = (rows: readonly SessionRow[]): Session | undefined => rows.map(fromRow)[0];
  return {
    open: async (session) => one(await insertSession(db, session)),
    makeLive: async (id, sid) =>
      one(await db.$queryRaw<SessionRow[]>`
        UPDATE session SET live_at = now(), livekit_sid = ${sid}, last_sign_at = now(), node_sign_at = now()
        WHERE id = ${id} AND live_at IS NULL AND closed_at IS NULL RETURNING *`),
    noteCreateCall: async (id) =>
      (await db.$executeRaw`
        UPDATE session SET create_called_at = now() WHERE id = ${id} AND live_at IS NULL AND closed_at IS NULL`) === 1,
    failCreate: async (id) =>
      (await db.$executeRaw`
        UPDATE session SET closed_at = now(), close_reason = 'create-failed', cleanup_due_at = now()
        WHERE id = ${id} AND live_at IS NULL AND closed_at IS NULL`) === 1,
    failForgotten: async (region) => {
      const rows = await db.$queryRaw<{ id: string }[]>`
        UPDATE session SET closed_at = now(), close_reason = 'create-failed', cleanup_due_at = now()
        WHERE region = ${region} AND live_at IS NULL AND closed_at IS NULL
          AND opened_at < now() - ${OPENING_LIMIT_SECONDS} * interval '1 second'
        RETURNING id`;
      return rows.map(({ id }) => id);
    },
    close: async (id, reason, condition = 'open') =>
      one(await db.$queryRaw<SessionRow[]>`
        UPDATE session SET closed_at = now(), close_reason = ${reason}, cleanup_due_at = now(), inside = 0
        WHERE id = ${id} AND closed_at IS NULL
          AND (${condition !== 'empty'} OR inside = 0)
          AND (${condition !== 'silent'} OR silent_at <= now() - ${SECOND_QUESTION_SECONDS} * interval '1 second')
        RETURNING *`),
    find: async (id) => one(await db.$queryRaw<SessionRow[]>`SELECT * FROM session WHERE id = ${id}`),
    findOpen: async (roomId) =>
      one(await db.$queryRaw<SessionRow[]>`SELECT * FROM session WHERE room_id = ${roomId} AND closed_at IS NULL`),
    findByEpoch: async (roomId, epoch) =>
      one(await db.$queryRaw<SessionRow[]>`SELECT * FROM session WHERE room_id = ${roomId} AND epoch = ${epoch}`),
    findNewest: async (roomId) =>
      one(await db.$queryRaw<SessionRow[]>`SELECT * FROM session WHERE room_id = ${roomId} ORDER BY epoch DESC LIMIT 1`),
    list: (filter, page) => listSessions(db, filter, page),
    listOpenIn: async (region) =>
      (await db.$queryRaw<SessionRow[]>`SELECT * FROM session WHERE region = ${region} AND closed_at IS NULL`).map(fromRow),
    listOpenOf: async (roomIds) =>
      (await db.$queryRaw<SessionRow[]>`SELECT * FROM session WHERE room_id = ANY(${[...roomIds]}) AND closed_at IS NULL`).map(fromRow),
    countOpenIn: (region) => db.session.count({ where: { region, closedAt: null } }),
  };
}

/**
 * One statement decides between callers and against changes: the source rows are locked FOR SHARE with the revisions
 * that the decision saw, the epoch is counted inside, and both unique indexes may refuse it. Hence, after a cordon
 * or a change of the room was answered, no session opens by what was true before.
 */
function insertSession(db: Db, session: NewSession): Promise<SessionRow[]> {
  return db.$queryRaw<SessionRow[]>`
    INSERT INTO session (id, room_id, tenant_id, epoch, region, decision_id, empty_timeout_seconds,
                         departure_timeout_seconds, max_participants, room_config, create_called_at)
    SELECT ${session.id}, room.id, room.tenant_id,
           (SELECT coalesce(max(epoch), 0) + 1 FROM session WHERE room_id = ${session.roomId}),
           region.id, ${session.decisionId}, ${session.emptyTimeoutSeconds}::int,
           ${session.departureTimeoutSeconds}::int, ${session.maxParticipants}::int,
           ${JSON.stringify(session.roomConfig)}::jsonb, now()
    FROM room, tenant, region
    WHERE room.id = ${session.roomId} AND room.deleted_at IS NULL AND room.revision = ${session.roomRevision}
      AND tenant.id = room.tenant_id AND tenant.revision = ${session.tenantRevision}
      AND region.id = ${session.region} AND region.admin_state = 'enabled' AND region.revision = ${session.regionRevision}
    FOR SHARE OF room, tenant, region
    ON CONFLICT DO NOTHING
    RETURNING *`;
}

async function listSessions(db: Db, filter: SessionFilter, { limit, cursor }: PageRequest): Promise<Page<Session>> {
  const before = cursor === undefined ? undefined : decodeIdCursor(cursor, 'session');
  const conditions = [
    Prisma.sql`TRUE`,
    ...(filter.tenantId === undefined ? [] : [Prisma.sql`tenant_id = ${filter.tenantId}`]),
    ...(filter.roomId === undefined ? [] : [Prisma.sql`room_id = ${filter.roomId}`]),
    ...(filter.region === undefined ? [] : [Prisma.sql`region = ${filter.region}`]),
    ...(filter.open === undefined ? [] : [filter.open ? Prisma.sql`closed_at IS NULL` : Prisma.sql`closed_at IS NOT NULL`]),
    ...(before === undefined ? [] : [Prisma.sql`id < ${before}`]),
  ];
  const rows = await db.$queryRaw<SessionRow[]>`
    SELECT * FROM session WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY id DESC LIMIT ${limit + 1}`;
  return toPage(rows.map(fromRow), limit, (session) => [session.id]);
}
