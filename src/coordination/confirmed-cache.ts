import { dependencyUnavailable } from '../kernel/app-error.ts';
import { isDatabaseAway } from '../platform/database/database-failure.ts';
import type { Freshness } from './freshness.ts';

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
  /** Says that the value may have changed: it is not used again, not even when cut off. */
  invalidate(key: string): void;
  /** Puts a value that was read from Postgres at this monotonic time (default: now), with no invalidation since. */
  put(key: string, value: V, readAtMs?: number): void;
  keys(): IterableIterator<string>;
  peek(key: string): V | undefined;
}

interface Entry<V> {
  readonly value: V;
  readonly readAtMs: number;
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
  const { freshness, monotonicMs, read, maxEntries } = options;
  const entries = new Map<string, Entry<V>>();
  const reads = new Map<string, { readonly promise: Promise<V | undefined>; stale: boolean }>();

  function put(key: string, value: V, readAtMs = monotonicMs()): void {
    entries.delete(key);
    entries.set(key, { value, readAtMs });
    if (entries.size <= maxEntries) return;
    const oldest = entries.keys().next();
    if (!oldest.done) entries.delete(oldest.value);
  }

  function confirmedAtMs(entry: Entry<V>): number {
    return Math.max(entry.readAtMs, freshness.lastGoodMs() ?? -Infinity);
  }

  async function readThrough(key: string): Promise<V | undefined> {
    const startedMs = monotonicMs();
    const value = await read(key);
    // Invalidated while the read ran: it may have seen the old row, so it answers its callers and is not kept.
    if (reads.get(key)?.stale) return value;
    if (value === undefined) entries.delete(key);
    else put(key, value, startedMs);
    return value;
  }

  function readOnce(key: string): Promise<V | undefined> {
    const known = reads.get(key);
    if (known && !known.stale) return known.promise;
    const promise = readThrough(key).finally(() => {
      if (reads.get(key)?.promise === promise) reads.delete(key);
    });
    reads.set(key, { promise, stale: false });
    return promise;
  }

  async function readOrGoOn(key: string): Promise<V | undefined> {
    if (freshness.isCutOff() && !entries.has(key)) throw dependencyUnavailable('Postgres');
    try {
      return await readOnce(key);
    } catch (error) {
      const entry = entries.get(key);
      if (entry && isYoung(entry, CUT_OFF_LIMIT_MS) && isDatabaseAway(error)) return entry.value;
      throw error;
    }
  }

  function isYoung(entry: Entry<V>, limitMs: number): boolean {
    return monotonicMs() - confirmedAtMs(entry) < limitMs;
  }

  return {
    get: (key) => {
      const entry = entries.get(key);
      const limitMs = freshness.isCutOff() ? CUT_OFF_LIMIT_MS : CONFIRMED_WITHIN_MS;
      return entry && isYoung(entry, limitMs) ? entry.value : readOrGoOn(key);
    },
    invalidate: (key) => {
      entries.delete(key);
      const running = reads.get(key);
      if (running) running.stale = true;
    },
    put,
    keys: () => entries.keys(),
    peek: (key) => entries.get(key)?.value,
  };
}
