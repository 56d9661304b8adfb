import { AppError } from '../kernel/app-error.ts';
import type { HotQueries, HotQuery } from '../platform/database/hot-queries.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { JoinGrantRecord } from './join-grant.ts';

/**
 * Writes grants, each once. A row that is there already was made when its client was seen inside before the grant was
 * written: it keeps that, and gets what only the grant knows.
 */
const INSERT_GRANTS: HotQuery = {
  name: 'join_grant_insert',
  text: `
    INSERT INTO join_grant (id, tenant_id, room_id, session_id, identity, role, region, at, network_prefix)
    SELECT id, "tenantId", "roomId", "sessionId", identity, role, region, at, "networkPrefix"
    FROM jsonb_to_recordset($1::jsonb)
      AS row (id text, "tenantId" text, "roomId" text, "sessionId" text, identity text, role text, region text, at timestamptz, "networkPrefix" text)
    ORDER BY id
    ON CONFLICT (id) DO UPDATE SET at = excluded.at, network_prefix = excluded.network_prefix`,
};

export async function insertGrants(db: Db, grants: readonly JoinGrantRecord[]): Promise<void> {
  await db.$executeRawUnsafe(INSERT_GRANTS.text, JSON.stringify(grants));
}

/** The same past the mapping layer: on a busy replica these are thousands of rows a second. */
export async function appendGrants(hot: HotQueries, grants: readonly JoinGrantRecord[]): Promise<void> {
  await hot.rows(INSERT_GRANTS, [JSON.stringify(grants)]);
}

/** A grant that nobody used holds its seat this long: a client needs seconds from token to entry. */
const SEAT_HELD_SECONDS = 30;

/**
 * Takes a seat in a room with a maximum and writes the grant, both or neither. Who is inside already, or holds a
 * fresh grant, keeps the seat.
 * @returns false when the session is over: then there is nothing to sit in.
 * @throws AppError `room.full`.
 */
export async function takeSeat(unitOfWork: UnitOfWork, grant: JoinGrantRecord, maxParticipants: number): Promise<boolean> {
  return unitOfWork.run(async ({ db }) => {
    // Callers for one session take turns here, so that two cannot take the last seat.
    const open = await db.$queryRaw<unknown[]>`SELECT FROM session WHERE id = ${grant.sessionId} AND closed_at IS NULL FOR UPDATE`;
    if (open.length === 0) return false;
    const rows = await db.$queryRaw<{ identity: string }[]>`
      SELECT identity FROM participant WHERE session_id = ${grant.sessionId} AND left_at IS NULL
      UNION
      SELECT identity FROM join_grant
      WHERE session_id = ${grant.sessionId} AND at > now() - ${SEAT_HELD_SECONDS} * interval '1 second'`;
    const seated = new Set(rows.map(({ identity }) => identity));
    if (!seated.has(grant.identity) && seated.size >= maxParticipants) throw roomFull(maxParticipants);
    await insertGrants(db, [grant]);
    return true;
  });
}

function roomFull(maxParticipants: number): AppError {
  return new AppError('room.full', { detail: `All ${maxParticipants} places of this room are taken.` });
}
