import { createConfirmedCache } from '../coordination/confirmed-cache.ts';
import type { Freshness } from '../coordination/freshness.ts';
import type { Generations } from '../coordination/generation.ts';
import type { Clock } from '../kernel/clock.ts';
import type { RoomId } from '../kernel/ids.ts';
import type { RoomDirectoryStore } from './room-directory-store.ts';
import { type RoomEntry, toEntry } from './room-entry.ts';
import type { RoomDefaults } from './room-policy.ts';

export type Found<T> = T | Promise<T>;

/** Rooms by id, as Postgres has confirmed them. */
export interface RoomMemory {
  /** From memory while confirmed within the last second, else read. */
  get(id: RoomId): Found<RoomEntry | undefined>;
  /**
   * Runs a read of one room and keeps what it found, unless something was invalidated meanwhile: then the read may
   * be older than that, and answers its caller only.
   */
  keep(read: () => Promise<RoomEntry | undefined>): Promise<RoomEntry | undefined>;
  /** Reads whatever is in memory; cut off from Postgres it answers with that. */
  read(id: RoomId): Promise<RoomEntry | undefined>;
  invalidate(id: RoomId): void;
  /** There is news: it is read at the next use, and what is known still does when cut off. */
  expire(id: RoomId): void;
}

export interface RoomMemoryDependencies {
  readonly store: RoomDirectoryStore;
  readonly freshness: Freshness;
  readonly generations: Generations;
  readonly clock: Clock;
  readonly defaults: RoomDefaults;
  readonly maxEntries: number;
}

export function createRoomMemory(dependencies: RoomMemoryDependencies): RoomMemory {
  const { store, freshness, clock, defaults, maxEntries } = dependencies;
  let invalidations = 0;
  const entries = createConfirmedCache<RoomEntry>({
    freshness,
    monotonicMs: clock.monotonicMs,
    maxEntries,
    read: async (id) => {
      // This cache is asked for rooms only; its keys are plain text.
      const found = await store.findById(id as RoomId);
      return found && toEntry(defaults, found);
    },
  });

  function invalidate(id: RoomId): void {
    invalidations += 1;
    entries.invalidate(id);
  }

  function expire(id: RoomId): void {
    invalidations += 1;
    entries.expire(id);
  }

  keepFresh(dependencies, { peek: entries.peek, keys: entries.keys, invalidate });
  return {
    get: (id) => entries.get(id),
    keep: async (read) => {
      const startedMs = clock.monotonicMs();
      const before = invalidations;
      const entry = await read();
      if (entry && before === invalidations) entries.put(entry.room.id, entry, startedMs);
      return entry;
    },
    read: (id) => {
      expire(id);
      return Promise.resolve(entries.get(id));
    },
    invalidate,
    expire,
  };
}

interface Entries {
  peek(id: string): RoomEntry | undefined;
  keys(): IterableIterator<string>;
  invalidate(id: RoomId): void;
}

/** Forgets what others changed: rooms and closed sessions by their times, tenants' policies by their generation. */
function keepFresh({ store, freshness, generations }: RoomMemoryDependencies, { peek, keys, invalidate }: Entries): void {
  let since: string | undefined;
  freshness.register('rooms', async () => {
    const { now, changes } = await store.listChanges(since);
    for (const { room_id: id, revision, closed_session: closed } of changes) {
      const entry = peek(id);
      if (entry && (closed === null ? entry.room.revision !== revision : entry.session?.id === closed)) invalidate(id);
    }
    since = now;
  });
  generations.onChange('tenants', async () => {
    const known = [...keys()].map(peek).filter((entry) => entry !== undefined);
    const revisions = await store.listTenantRevisions([...new Set(known.map(({ room }) => room.tenantId))]);
    for (const { room, tenantRevision } of known) {
      if (revisions.get(room.tenantId) !== tenantRevision) invalidate(room.id);
    }
  });
}
