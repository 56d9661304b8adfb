import { dependencyUnavailable } from '../kernel/app-error.ts';
import { isDatabaseAway } from '../platform/database/database-failure.ts';
import type { Freshness } from './freshness.ts';
import { createSharedReads } from './shared-reads.ts';

/** How old the last good poll or read may be when something is decided from memory. */
export const CONFIRMED_WITHIN_MS = 1_000;
/** How long a replica that is cut off from Postgres goes on with what it last saw. */
export const CUT_OFF_LIMIT_MS = 600_000;

export interface ConfirmedCache<V> {
  /**
   * The value, at once when it was confirmed within the last second, else read anew (one read for all callers).
   * Cut off from Postgres it goes on with a value that was confirmed in the last 10 minutes and not revoked since.
   * @throws what `read` threw, when there is nothing to go on with.
   */
  get(key: string): V | undefined | Promise<V | undefined>;
  /** Says that the value was revoked or replaced: it is not used again, not even when cut off. */
  invalidate(key: string): void;
  /** Says that there is news of the value: it is read at its next use, and still does when cut off. */
  expire(key: string): void;
  /** Puts a value that was read from Postgres at this monotonic time (default: now), with no invalidation since. */
  put(key: string, value: V, readAtMs?: number): void;
  /** Says that reads which run may have missed some news: they answer their callers and are not kept. */
  spoilReads(): void;
  keys(): IterableIterator<string>;
  peek(key: string): V | undefined;
}

interface Timed<V> {
  readonly value: V;
  readonly readAtMs: number;
}

interface Entry<V> extends Timed<V> {
  expired: boolean;
}

export interface ConfirmedCacheOptions<V> {
  readonly freshness: Pick<Freshness, 'lastGoodMs' | 'isCutOff'>;
  readonly monotonicMs: () => number;
  /** Reads from Postgres; undefined is answered but not kept. */
  readonly read: (key: string) => Promise<V | undefined>;
  /** Entries kept; the one read longest ago goes first. */
  readonly maxEntries: number;
}

/** Memory of rows that Postgres confirms: a poll that names changed keys, and reads for the rest. */
export function createConfirmedCache<V>(options: ConfirmedCacheOptions<V>): ConfirmedCache<V> {
  const { freshness, monotonicMs } = options;
  const entries = createEntries<V>(options.maxEntries);
  const reads = createSharedReads<Timed<V>>(
    async (key) => {
      const startedMs = monotonicMs();
      const value = await options.read(key);
      return value === undefined ? undefined : { value, readAtMs: startedMs };
    },
    (key, found) => {
      if (found === undefined) entries.delete(key);
      else entries.put(key, found);
    },
  );

  function isYoung(entry: Entry<V>, limitMs: number): boolean {
    const confirmedAtMs = Math.max(entry.readAtMs, freshness.lastGoodMs() ?? -Infinity);
    return monotonicMs() - confirmedAtMs < limitMs;
  }

  async function readOrGoOn(key: string): Promise<V | undefined> {
    if (freshness.isCutOff() && !entries.get(key)) throw dependencyUnavailable('Postgres');
    try {
      return (await reads.read(key))?.value;
    } catch (error) {
      const entry = entries.get(key);
      if (entry && isYoung(entry, CUT_OFF_LIMIT_MS) && isDatabaseAway(error)) return entry.value;
      throw error;
    }
  }

  function isUsable(entry: Entry<V>): boolean {
    return freshness.isCutOff() ? isYoung(entry, CUT_OFF_LIMIT_MS) : !entry.expired && isYoung(entry, CONFIRMED_WITHIN_MS);
  }

  return {
    get: (key) => {
      const entry = entries.get(key);
      return entry && isUsable(entry) ? entry.value : readOrGoOn(key);
    },
    invalidate: (key) => {
      entries.delete(key);
      reads.spoil(key);
    },
    expire: (key) => {
      const entry = entries.get(key);
      if (entry) entry.expired = true;
      reads.spoil(key);
    },
    put: (key, value, readAtMs = monotonicMs()) => entries.put(key, { value, readAtMs }),
    spoilReads: reads.spoilAll,
    keys: entries.keys,
    peek: (key) => entries.get(key)?.value,
  };
}

interface Entries<V> {
  get(key: string): Entry<V> | undefined;
  put(key: string, timed: Timed<V>): void;
  delete(key: string): void;
  keys(): IterableIterator<string>;
}

/** At most so many; the one put longest ago goes first. */
function createEntries<V>(maxEntries: number): Entries<V> {
  const entries = new Map<string, Entry<V>>();
  return {
    get: (key) => entries.get(key),
    put: (key, timed) => {
      entries.delete(key);
      entries.set(key, { ...timed, expired: false });
      const oldest = entries.keys().next();
      if (entries.size > maxEntries && !oldest.done) entries.delete(oldest.value);
    },
    delete: (key) => void entries.delete(key),
    keys: () => entries.keys(),
  };
}
