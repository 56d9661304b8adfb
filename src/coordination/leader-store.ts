import type { Db } from '../platform/database/prisma-client.ts';
import type { Taken } from './held-tasks.ts';

/** A crashed holder is followed within this time and one look more. */
export const LEADER_TTL_MS = 9_000;

/** One row for each task, judged by Postgres' clock. */
export interface LeaderStore {
  /** Takes a task that nobody holds, or that is ours. */
  take(task: string): Promise<Taken | undefined>;
  /** Those of the tasks that are still ours; nobody else gets them for another TTL. */
  renew(tasks: readonly string[]): Promise<Taken[]>;
  /** Takes those of the tasks whose holders are gone. */
  takeOver(tasks: readonly string[]): Promise<Taken[]>;
  release(tasks: readonly string[]): Promise<void>;
}

export function createLeaderStore(db: Db, owner: string): LeaderStore {
  return {
    take: async (task) => {
      const rows = await db.$queryRaw<Taken[]>`
        INSERT INTO leader (task, holder, term, expires_at)
        VALUES (${task}, ${owner}, 1, now() + ${LEADER_TTL_MS} * interval '1 millisecond')
        ON CONFLICT (task) DO UPDATE
          SET holder = excluded.holder,
              term = leader.term + CASE WHEN leader.holder = excluded.holder THEN 0 ELSE 1 END,
              expires_at = excluded.expires_at
          WHERE leader.holder = excluded.holder OR leader.expires_at <= now()
        RETURNING task, term`;
      return rows[0];
    },
    renew: (tasks) => db.$queryRaw<Taken[]>`
      UPDATE leader SET expires_at = now() + ${LEADER_TTL_MS} * interval '1 millisecond'
      WHERE task IN (SELECT task FROM leader WHERE task = ANY(${[...tasks]}) AND holder = ${owner} ORDER BY task FOR UPDATE)
      RETURNING task, term`,
    // Rows that another replica is taking at this moment are passed over: it has them.
    takeOver: (tasks) => db.$queryRaw<Taken[]>`
      UPDATE leader
      SET holder = ${owner}, term = term + 1, expires_at = now() + ${LEADER_TTL_MS} * interval '1 millisecond'
      WHERE task IN (SELECT task FROM leader WHERE task = ANY(${[...tasks]}) AND expires_at <= now() ORDER BY task FOR UPDATE SKIP LOCKED)
      RETURNING task, term`,
    release: async (tasks) => {
      await db.$executeRaw`UPDATE leader SET expires_at = now() WHERE task = ANY(${[...tasks]}) AND holder = ${owner}`;
    },
  };
}
