interface RunningRead<V> {
  promise: Promise<V | undefined> | undefined;
  stale: boolean;
}

/** Reads in flight: callers of one key share one, unless there was news since it began. */
export interface SharedReads<V> {
  read(key: string): Promise<V | undefined>;
  /** A read that began before the news may have missed them: it answers its callers and is not kept. */
  spoil(key: string): void;
  /** The same for all keys: news of something, and nobody knows of what. */
  spoilAll(): void;
}

/** @param keep is given what was read without news meanwhile; undefined is an absence. */
export function createSharedReads<V>(read: (key: string) => Promise<V | undefined>, keep: (key: string, value: V | undefined) => void): SharedReads<V> {
  const reads = new Map<string, RunningRead<V>>();

  async function readThrough(key: string, running: RunningRead<V>): Promise<V | undefined> {
    const value = await read(key);
    if (!running.stale) keep(key, value);
    return value;
  }

  return {
    read: (key) => {
      const known = reads.get(key);
      if (known?.promise && !known.stale) return known.promise;
      const running: RunningRead<V> = { stale: false, promise: undefined };
      reads.set(key, running);
      running.promise = readThrough(key, running).finally(() => {
        if (reads.get(key) === running) reads.delete(key);
      });
      return running.promise;
    },
    spoil: (key) => {
      const running = reads.get(key);
      if (running) running.stale = true;
    },
    spoilAll: () => {
      for (const running of reads.values()) running.stale = true;
    },
  };
}
