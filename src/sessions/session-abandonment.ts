import { Prisma } from '../generated/prisma/client.ts';
import type { UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import type { SessionClosing } from './session-closing.ts';
import { settle } from './session-closing.ts';
import type { Session } from './session.ts';
import { type SessionRow, fromRow } from './session-row.ts';

/** A gap in the failed probes longer than this proves nothing: we may have been away ourselves. */
const PROBE_GAP_SECONDS = 10;

export interface SessionAbandonment {
  /** Whether the region is proven dead for long enough now, for joins that must know it before they decide. */
  isProvenDead(region: string): Promise<boolean>;
  /** Closes the session if its region is proven dead for long enough; undefined when it is not, or is closed already. */
  abandon(session: Session): Promise<Session | undefined>;
  /** An operator's word: closes all open sessions of the region at once, in the caller's transaction. */
  abandonAll(work: Work, region: string): Promise<Session[]>;
}

/**
 * Silence is proven, never presumed: the newest sign of life over all replicas is older than the limit, failed probes
 * by replicas that reach Postgres span it without a gap, and at most half of the regions look dead, since otherwise
 * the fault is ours. All of it stands in the WHERE of the closing UPDATE, by Postgres' clock.
 */
export function createSessionAbandonment(options: {
  readonly unitOfWork: UnitOfWork;
  readonly closing: SessionClosing;
  readonly afterSeconds: number;
}): SessionAbandonment {
  const { unitOfWork, closing, afterSeconds } = options;
  return {
    isProvenDead: async (region) => {
      if (afterSeconds === 0) return false;
      const [row] = await unitOfWork.db.$queryRaw<{ dead: boolean }[]>`SELECT ${provenDead(region, afterSeconds)} AS dead`;
      return row?.dead === true;
    },
    abandon: async (session) => {
      if (afterSeconds === 0) return undefined;
      const closed = await unitOfWork.run(async (work) => {
        const rows = await closeIfDead(work, session, afterSeconds);
        const row = rows.map(fromRow)[0];
        if (row) await settle(work, [row], 'region-lost');
        return row;
      });
      if (closed) closing.afterCommit(closed);
      return closed;
    },
    abandonAll: async (work, region) => {
      const rows = await work.db.$queryRaw<SessionRow[]>`
        UPDATE session SET closed_at = now(), close_reason = 'region-lost', cleanup_due_at = now(), inside = 0
        WHERE region = ${region} AND closed_at IS NULL RETURNING *`;
      const closed = rows.map(fromRow);
      await settle(work, closed, 'region-lost');
      return closed;
    },
  };
}

function closeIfDead({ db }: Work, session: Session, afterSeconds: number): Promise<SessionRow[]> {
  return db.$queryRaw<SessionRow[]>`
    UPDATE session SET closed_at = now(), close_reason = 'region-lost', cleanup_due_at = now(), inside = 0
    WHERE id = ${session.id} AND closed_at IS NULL AND ${provenDead(session.region, afterSeconds)}
    RETURNING *`;
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
