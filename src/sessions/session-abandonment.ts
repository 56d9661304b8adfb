import type { UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import { createAbandonmentStore } from './session-abandonment-store.ts';
import type { SessionClosing } from './session-closing.ts';
import { settle } from './session-closing.ts';
import type { Session } from './session.ts';

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
      return createAbandonmentStore(unitOfWork.db).isProvenDead(region, afterSeconds);
    },
    abandon: async (session) => {
      if (afterSeconds === 0) return undefined;
      const closed = await unitOfWork.run(async (work) => {
        const row = await createAbandonmentStore(work.db).closeIfDead(session, afterSeconds);
        if (row) await settle(work, [row], 'region-lost');
        return row;
      });
      if (closed) closing.afterCommit(closed);
      return closed;
    },
    abandonAll: async (work, region) => {
      const closed = await createAbandonmentStore(work.db).closeAll(region);
      await settle(work, closed, 'region-lost');
      return closed;
    },
  };
}
