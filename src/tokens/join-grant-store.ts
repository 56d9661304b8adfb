import type { Db } from '../platform/database/prisma-client.ts';
import { AppError } from '../kernel/app-error.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { JoinGrantRecord } from './join-grant.ts';

export async function insertGrants(db: Db, grants: readonly JoinGrantRecord[]): Promise<void> {
  await db.joinGrant.createMany({ data: [...grants], skipDuplicates: true });
}

/** A grant that nobody used holds its seat this long: a client needs seconds from token to entry. */
const SEAT_HELD_SECONDS = 30;

/**
 * Takes a seat in a room with a maximum and writes the grant, both or neither. Who is inside already, or holds a
 * fresh grant, keeps the seat.
 * @throws AppError `room.full`.
 */
export async function takeSeat(unitOfWork: UnitOfWork, grant: JoinGrantRecord, maxParticipants: number): Promise<void> {
  await unitOfWork.run(async ({ db }) => {
    // Callers for one session take turns here, so that two cannot take the last seat.
    await db.$queryRaw`SELECT FROM session WHERE id = ${grant.sessionId} FOR UPDATE`;
    const rows = await db.$queryRaw<{ identity: string }[]>`
      SELECT identity FROM participant WHERE session_id = ${grant.sessionId} AND left_at IS NULL
      UNION
      SELECT identity FROM join_grant
      WHERE session_id = ${grant.sessionId} AND at > now() - ${SEAT_HELD_SECONDS} * interval '1 second'`;
    const seated = new Set(rows.map(({ identity }) => identity));
    if (!seated.has(grant.identity) && seated.size >= maxParticipants) throw roomFull(maxParticipants);
    await insertGrants(db, [grant]);
  });
}

function roomFull(maxParticipants: number): AppError {
  return new AppError('room.full', { detail: `All ${maxParticipants} places of this room are taken.` });
}
