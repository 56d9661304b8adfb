import type { Db } from '../platform/database/prisma-client.ts';

/** A held leadership. Writes that must be fenced compare `term`: it grows with each change of holder. */
export interface Leadership {
  readonly term: bigint;
  /** Monotonic deadline in ms: past it the holder must assume that somebody else leads. */
  readonly deadlineMs: number;
}

export interface LeaderElection {
  /** Takes or renews the leadership of a task; undefined while somebody else holds it. */
  hold(task: string): Promise<Leadership | undefined>;
  /** Hands over at once. Harmless when it is not held. */
  release(task: string): Promise<void>;
  /** The tasks that this process leads as far as it knows. */
  leads(): string[];
}

/** Takes over from a crashed holder within this time; renewals come at a third of it. */
const LEADER_TTL_MS = 9_000;

/**
 * Leaders live in one Postgres row for each task and are judged by Postgres' clock. If this lies (a paused holder
 * wakes up late), two processes do a task at once for a moment: every such task is therefore idempotent, and its
 * writes are conditional.
 */
export function createLeaderElection(options: {
  readonly db: Db;
  readonly owner: string;
  readonly monotonicMs: () => number;
}): LeaderElection {
  const { db, owner, monotonicMs } = options;
  const held = new Map<string, Leadership>();

  async function hold(task: string): Promise<Leadership | undefined> {
    const askedMs = monotonicMs();
    held.delete(task);
    const rows = await db.$queryRaw<{ term: bigint }[]>`
      INSERT INTO leader (task, holder, term, expires_at)
      VALUES (${task}, ${owner}, 1, now() + ${LEADER_TTL_MS} * interval '1 millisecond')
      ON CONFLICT (task) DO UPDATE
        SET holder = excluded.holder,
            term = leader.term + CASE WHEN leader.holder = excluded.holder THEN 0 ELSE 1 END,
            expires_at = excluded.expires_at
        WHERE leader.holder = excluded.holder OR leader.expires_at <= now()
      RETURNING term`;
    const term = rows[0]?.term;
    if (term === undefined) return undefined;
    const leadership = { term, deadlineMs: askedMs + LEADER_TTL_MS };
    held.set(task, leadership);
    return leadership;
  }

  return {
    hold,
    release: async (task) => {
      held.delete(task);
      await db.$executeRaw`UPDATE leader SET expires_at = now() WHERE task = ${task} AND holder = ${owner}`;
    },
    leads: () => [...held].filter(([, { deadlineMs }]) => deadlineMs > monotonicMs()).map(([task]) => task),
  };
}
