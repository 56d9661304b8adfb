import { Prisma } from '../generated/prisma/client.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { Session } from './session.ts';
import { type SessionRow, fromRow } from './session-row.ts';

/** A gap in the failed probes longer than this proves nothing: we may have been away ourselves. */
const PROBE_GAP_SECONDS = 10;

/** Closes the sessions of dead regions. Both sides of the proof stand in the WHERE, by Postgres' clock. */
export interface AbandonmentStore {
  isProvenDead(region: string, afterSeconds: number): Promise<boolean>;
  /** Undefined when the region is not proven dead for so long, or the session is closed already. */
  closeIfDead(session: Session, afterSeconds: number): Promise<Session | undefined>;
  /** Closes whatever is open in the region, dead or not. */
  closeAll(region: string): Promise<Session[]>;
}

/** Works on `db`, which may be a transaction of the caller's. */
export function createAbandonmentStore(db: Db): AbandonmentStore {
  return {
    isProvenDead: async (region, afterSeconds) => {
      const [row] = await db.$queryRaw<{ dead: boolean }[]>`SELECT ${provenDead(region, afterSeconds)} AS dead`;
      return row?.dead === true;
    },
    closeIfDead: async (session, afterSeconds) => {
      const rows = await db.$queryRaw<SessionRow[]>`
        UPDATE session SET closed_at = now(), close_reason = 'region-lost', cleanup_due_at = now(), inside = 0
        WHERE id = ${session.id} AND closed_at IS NULL AND ${provenDead(session.region, afterSeconds)}
        RETURNING *`;
      return rows.map(fromRow)[0];
    },
    closeAll: async (region) => {
      const rows = await db.$queryRaw<SessionRow[]>`
        UPDATE session SET closed_at = now(), close_reason = 'region-lost', cleanup_due_at = now(), inside = 0
        WHERE region = ${region} AND closed_at IS NULL RETURNING *`;
      return rows.map(fromRow);
    },
  };
}

function provenDead(region: string, afterSeconds: number): Prisma.Sql {
  return Prisma.sql`(
    EXISTS (
      SELECT FROM region_health WHERE region_id = ${region}
        AND dark_since <= now() - ${afterSeconds} * interval '1 second'
        AND last_failure_at > now() - ${PROBE_GAP_SECONDS} * interval '1 second'
        AND (last_sign_at IS NULL OR last_sign_at <= now() - ${afterSeconds} * interval '1 second'))
    AND (
      SELECT 2 * count(*) FILTER (
               WHERE dark_since IS NOT NULL AND last_failure_at > now() - ${PROBE_GAP_SECONDS} * interval '1 second')
             <= count(*)
      FROM region LEFT JOIN region_health ON region_id = region.id))`;
}
