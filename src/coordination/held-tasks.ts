/** A held leadership. Writes that must be fenced compare `term`: it grows with each change of holder. */
export interface Leadership {
  readonly term: bigint;
  /** Aborts when somebody else may lead: at a refused renewal, or when none came in time. */
  readonly signal: AbortSignal;
}

/** That a task is ours, as its row says. */
export interface Taken {
  readonly task: string;
  readonly term: bigint;
}

interface Held extends Leadership {
  readonly controller: AbortController;
  /** Monotonic: past it the holder must assume that somebody else leads. */
  deadlineMs: number;
  timer: NodeJS.Timeout | undefined;
}

/** What this process leads, by its own clock. */
export interface HeldTasks {
  tasks(): string[];
  /** The leadership while its deadline has not passed. */
  find(task: string): Held | undefined;
  /** Notes that the row was ours at an answer to what was asked at `askedMs`. */
  keep(taken: Taken, askedMs: number): Held;
  /** Keeps what was renewed of what was asked for, and drops the rest of it. */
  renew(asked: readonly string[], renewed: readonly Taken[], askedMs: number): void;
  drop(task: string): void;
}

export function createHeldTasks({ monotonicMs, ttlMs }: { readonly monotonicMs: () => number; readonly ttlMs: number }): HeldTasks {
  const held = new Map<string, Held>();

  function drop(task: string): void {
    const mine = held.get(task);
    if (!mine) return;
    clearTimeout(mine.timer);
    held.delete(task);
    mine.controller.abort();
  }

  function find(task: string): Held | undefined {
    const mine = held.get(task);
    if (mine && mine.deadlineMs > monotonicMs()) return mine;
    // Woken late: the deadline passed before its timer could run.
    drop(task);
    return undefined;
  }

  function keep({ task, term }: Taken, askedMs: number): Held {
    const known = find(task);
    if (known && known.term !== term) drop(task);
    const mine = held.get(task) ?? newHeld(term);
    mine.deadlineMs = askedMs + ttlMs;
    clearTimeout(mine.timer);
    mine.timer = setTimeout(() => drop(task), mine.deadlineMs - monotonicMs()).unref();
    held.set(task, mine);
    return mine;
  }

  return {
    tasks: () => [...held.keys()],
    find,
    keep,
    drop,
    renew: (asked, renewed, askedMs) => {
      const kept = new Set(renewed.map(({ task }) => task));
      for (const task of asked) if (!kept.has(task)) drop(task);
      // What was handed over meanwhile stays handed over.
      for (const taken of renewed) if (held.has(taken.task)) keep(taken, askedMs);
    },
  };
}

function newHeld(term: bigint): Held {
  const controller = new AbortController();
  return { term, controller, signal: controller.signal, deadlineMs: 0, timer: undefined };
}
