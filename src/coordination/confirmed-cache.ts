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
  /** Says that the value was revoked or replaced: it is not used again, not even when cut off. */
  invalidate(key: string): void;
  /** Says that there is news of the value: it is read at its next use, and still does when cut off. */
  expire(key: string): void;
  /** Puts a value that was read from Postgres at this monotonic time (default: now), with no invalidation since. */
  put(key: string, value: V, readAtMs?: number): void;
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

interface RunningRead<V> {
  promise: Promise<V | undefined> | undefined;
  stale: boolean;
}

export interface ConfirmedCacheOptions<V> {
  readonly freshness: Pick<Freshness, 'lastGoodMs' | 'isCutOff'>;
  readonly monotonicMs: () => number;
  /** Reads from Postgres; undefined is answered but not kept. */
  readonly read: (key: string) => Promise<V | undefined>;
  /** Entries kept; the one read longest ago goes first. */
  readonly maxEntries: number;
}

/** Reads in flight: callers of one key share one, unless there was news since it began. */
interface SharedReads<V> {
  read(key: string): Promise<V | undefined>;
  /** A read that began before the news may have missed them: it answers its callers and is not kept. */
  spoil(key: string): void;
}

function createSharedReads<V>(read: (key: string) => Promise<V | undefined>, keep: (key: string, value: V | undefined) => void): SharedReads<V> {
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
  };
}

/** Memory of rows that Postgres confirms: a poll that names changed keys, and reads for the rest. */
export function createConfirmedCache<V>(options: ConfirmedCacheOptions<V>): ConfirmedCache<V> {
  const { freshness, monotonicMs, maxEntries } = options;
  const entries = new Map<string, Entry<V>>();

  function put(key: string, value: V, at = monotonicMs()): void {
    entries.delete(key);
    entries.set(key, { value, readAtMs: at, expired: false });
    if (entries.size <= maxEntries) return;
    const oldest = entries.keys().next();
    if (!oldest.done) entries.delete(oldest.value);
  }

  const reads = createSharedReads<Timed<V>>(
    async (key) => {
      const startedMs = monotonicMs();
      const value = await options.read(key);
      return value === undefined ? undefined : { value, readAtMs: startedMs };
    },
    (key, found) => {
      if (found === undefined) entries.delete(key);
      else put(key, found.value, found.readAtMs);
    },
  );

  function isYoung(entry: Entry<V>, limitMs: number): boolean {
    const confirmedAtMs = Math.max(entry.readAtMs, freshness.lastGoodMs() ?? -Infinity);
    return monotonicMs() - confirmedAtMs < limitMs;
  }

  async function readOrGoOn(key: string): Promise<V | undefined> {
    if (freshness.isCutOff() && !entries.has(key)) throw dependencyUnavailable('Postgres');
    try {
      return (await reads.read(key))?.value;
    } catch (error) {
      const entry = entries.get(key);
      if (entry && isYoung(entry, CUT_OFF_LIMIT_MS) && isDatabaseAway(error)) return entry.value;
      throw error;
    }
  }

  return {
    get: (key) => {
      const entry = entries.get(key);
      const cutOff = freshness.isCutOff();
      const usable = entry && (cutOff || !entry.expired) && isYoung(entry, cutOff ? CUT_OFF_LIMIT_MS : CONFIRMED_WITHIN_MS);
      return usable ? entry.value : readOrGoOn(key);
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
    put,
    keys: () => entries.keys(),
    peek: (key) => entries.get(key)?.value,
  };
}
