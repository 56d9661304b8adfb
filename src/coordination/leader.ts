import type { Db } from '../platform/database/prisma-client.ts';
import { type Leadership, createHeldTasks } from './held-tasks.ts';
import { LEADER_TTL_MS, createLeaderStore } from './leader-store.ts';

export type { Leadership } from './held-tasks.ts';

export interface LeaderElection {
  /**
   * The leadership of a task, taken where it is free and renewed in the background from then on; undefined while
   * somebody else holds it. Whoever asked once also takes it over when it becomes free.
   */
  hold(task: string): Promise<Leadership | undefined>;
  /** Hands over at once and asks no more. Harmless when it is not held. */
  release(task: string): Promise<void>;
  /** The tasks that this process leads as far as it knows. */
  leads(): string[];
  /** Hands everything over. */
  stop(): Promise<void>;
}

/** Two renewals may fail before the third is too late. */
const RENEW_EVERY_MS = LEADER_TTL_MS / 3;
/** How soon a task that was handed over finds its next holder. */
const LOOK_EVERY_MS = 500;

export interface LeaderElectionOptions {
  readonly db: Db;
  readonly owner: string;
  readonly monotonicMs: () => number;
}

/**
 * Leaders live in one Postgres row for each task and are judged by Postgres' clock; a holder judges itself by its
 * monotonic clock, from before it asked. If this lies (a process is stopped in the middle of a step and wakes up late),
 * two processes do a task at once for a moment: every such task is therefore idempotent, its writes are conditional.
 */
export function createLeaderElection({ db, owner, monotonicMs }: LeaderElectionOptions): LeaderElection {
  const wanted = new Set<string>();
  const held = createHeldTasks({ monotonicMs, ttlMs: LEADER_TTL_MS });
  const store = createLeaderStore(db, owner);
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let renewedMs = 0;
  let stopped = false;

  async function look(): Promise<void> {
    const askedMs = monotonicMs();
    const mine = held.tasks();
    if (mine.length > 0 && askedMs - renewedMs >= RENEW_EVERY_MS) {
      held.renew(mine, await store.renew(mine), askedMs);
      renewedMs = askedMs;
    }
    const free = [...wanted].filter((task) => !held.find(task));
    if (free.length === 0 || stopped) return;
    for (const taken of await store.takeOver(free)) {
      if (wanted.has(taken.task)) held.keep(taken, askedMs);
    }
  }

  function arm(): void {
    if (stopped || timer) return;
    timer = setTimeout(() => {
      // Postgres being away is told elsewhere; what is held lapses at its deadline.
      looking = look().catch(() => {}).finally(() => {
        timer = undefined;
        arm();
      });
    }, LOOK_EVERY_MS).unref();
  }

  return {
    hold: async (task) => {
      if (stopped) return undefined;
      wanted.add(task);
      arm();
      const mine = held.find(task);
      if (mine) return mine;
      const askedMs = monotonicMs();
      const taken = await store.take(task);
      if (taken) held.keep(taken, askedMs);
      return held.find(task);
    },
    release: async (task) => {
      wanted.delete(task);
      held.drop(task);
      await store.release([task]);
    },
    leads: () => held.tasks().filter((task) => held.find(task)),
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await looking;
      const tasks = held.tasks();
      for (const task of tasks) held.drop(task);
      if (tasks.length > 0) await store.release(tasks);
    },
  };
}
