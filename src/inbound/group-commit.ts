/**
 * Gathers writes that come at the same time into one statement. Nobody waits for a timer: the first write goes at
 * once, and what arrives while statements are under way goes together in the next. Each caller is answered only when
 * the statement that holds its item has committed.
 */
export interface GroupCommit<Item, Result> {
  write(item: Item): Promise<Result>;
}

export interface GroupCommitOptions<Item, Result> {
  /** Writes all items in one transaction, and answers in their order. */
  readonly commit: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Whether the failure is the store's, not an item's: then whoever waits is refused with it at once. */
  readonly isStoreAway: (error: unknown) => boolean;
  readonly maxBatch: number;
  /** Statements under way at the same time. */
  readonly maxConcurrent: number;
  /** Items that may wait; one more is refused by `overload`. */
  readonly maxWaiting: number;
  readonly overload: () => Error;
  readonly onBatch?: (size: number) => void;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export function createGroupCommit<Item, Result>(options: GroupCommitOptions<Item, Result>): GroupCommit<Item, Result> {
  const { commit, isStoreAway, maxBatch, maxConcurrent, maxWaiting } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let running = 0;
  let scheduled = false;

  // Writes of one turn of the event loop belong together.
  function schedule(): void {
    if (scheduled || running >= maxConcurrent || waiting.length === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      void flush();
    });
  }

  async function flush(): Promise<void> {
    const batch = waiting.slice(0, maxBatch);
    waiting = waiting.slice(maxBatch);
    running += 1;
    options.onBatch?.(batch.length);
    schedule();
    await settle(batch);
    running -= 1;
    schedule();
  }

  async function settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await commit(batch.map(({ item }) => item));
      // `commit` answers each item, in their order.
      batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      await refuse(batch, error);
    }
  }

  /** One item that the store does not take must not cost the others their write: each is then written alone. */
  async function refuse(batch: readonly Waiting<Item, Result>[], error: unknown): Promise<void> {
    const away = isStoreAway(error);
    if (!away && batch.length > 1) {
      for (const each of batch) await settle([each]);
      return;
    }
    const refused = away ? [...batch, ...waiting] : batch;
    if (away) waiting = [];
    for (const { reject } of refused) reject(error);
  }

  return {
    write: (item) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= maxWaiting) {
          reject(options.overload());
          return;
        }
        waiting.push({ item, resolve, reject });
        schedule();
      }),
  };
}
