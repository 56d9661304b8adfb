/** A value read from files that may change under us. What cannot be read never replaces what could. */
export interface WatchedValue<T> {
  current(): T;
  /** Why the newest state on disk is not in use; null when it is. */
  problem(): string | null;
  /** Looks at the disk once; reads only what has changed since the last look, and a bad state only once. */
  refresh(): Promise<'same' | 'changed' | 'refused'>;
}

export interface WatchedValueOptions<T> {
  readonly initial: T;
  /** Differs whenever the files differ. */
  readonly signature: () => Promise<string>;
  /** @throws when the files cannot be used; the message is the problem. */
  readonly load: (current: T) => Promise<T>;
}

export function createWatchedValue<T>({ initial, signature, load }: WatchedValueOptions<T>): WatchedValue<T> {
  let value = initial;
  let problem: string | null = null;
  let tried: string | undefined;
  return {
    current: () => value,
    problem: () => problem,
    refresh: async () => {
      const seen = await signature();
      if (seen === tried) return 'same';
      tried = seen;
      try {
        value = await load(value);
        problem = null;
        return 'changed';
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        return 'refused';
      }
    },
  };
}
