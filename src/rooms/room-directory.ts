import { createConfirmedCache } from '../coordination/confirmed-cache.ts';
import type { Freshness } from '../coordination/freshness.ts';
import type { Generations } from '../coordination/generation.ts';
import type { Clock } from '../kernel/clock.ts';
import { type RoomId, isId } from '../kernel/ids.ts';
import type { Room } from './room.ts';
import type { FoundRoom, RoomDirectoryStore, SessionRow } from './room-directory-store.ts';
import { type EffectivePolicy, type RoomDefaults, type RoomPlacementPolicy, effectivePolicy, placementPolicyOf } from './room-policy.ts';

/** All that a join needs of a room, read in one statement. */
export interface RoomEntry {
  readonly room: Room;
  readonly tenantRevision: number;
  readonly effective: EffectivePolicy;
  readonly placement: RoomPlacementPolicy;
  /** The open session when the entry was read; null when there was none. */
  readonly session: SessionRow | null;
}

type Found<T> = T | Promise<T>;

/** Rooms on the way of a join: from memory while Postgres has confirmed them within the last second, else read. */
export interface RoomDirectory {
  /** A room of any tenant by its id, as guests address it. */
  get(id: RoomId): Found<RoomEntry | undefined>;
  /** A room of this tenant by id or slug; undefined for a foreign one as for an absent one. */
  find(tenantId: string, idOrSlug: string): Found<RoomEntry | undefined>;
  /** Reads from Postgres whatever is in memory. */
  read(id: RoomId): Promise<RoomEntry | undefined>;
  /** Says that the room or its session may have changed: the next join reads it. */
  invalidate(id: RoomId): void;
}

/** An entry takes about 3 kB. */
const MAX_ENTRIES = 20_000;

export interface RoomDirectoryDependencies {
  readonly store: RoomDirectoryStore;
  readonly freshness: Freshness;
  readonly generations: Generations;
  readonly clock: Clock;
  readonly defaults: RoomDefaults;
}

export function createRoomDirectory(dependencies: RoomDirectoryDependencies): RoomDirectory {
  const { store, freshness, clock, defaults } = dependencies;
  /** Where a slug was last found. Only a hint: what is found there must still bear the slug. */
  const hints = new Map<string, RoomId>();
  let invalidations = 0;

  const entries = createConfirmedCache<RoomEntry>({
    freshness,
    monotonicMs: clock.monotonicMs,
    maxEntries: MAX_ENTRIES,
    read: async (id) => toEntry(defaults, await store.findById(id as RoomId)),
  });

  function invalidate(id: RoomId): void {
    invalidations += 1;
    entries.invalidate(id);
  }

  async function readBySlug(tenantId: string, slug: string): Promise<RoomEntry | undefined> {
    const startedMs = clock.monotonicMs();
    const before = invalidations;
    const entry = toEntry(defaults, await store.findBySlug(tenantId, slug));
    const key = `${tenantId}/${slug}`;
    hints.delete(key);
    if (entry === undefined) return undefined;
    hints.set(key, entry.room.id);
    if (hints.size > MAX_ENTRIES) dropOldest(hints);
    // An invalidation meanwhile may have meant this room, and the read may be older than it.
    if (before === invalidations) entries.put(entry.room.id, entry, startedMs);
    return entry;
  }

  function findBySlug(tenantId: string, slug: string): Found<RoomEntry | undefined> {
    const hint = hints.get(`${tenantId}/${slug}`);
    if (hint === undefined) return readBySlug(tenantId, slug);
    const check = (entry: RoomEntry | undefined): Found<RoomEntry | undefined> =>
      entry?.room.slug === slug ? entry : readBySlug(tenantId, slug);
    const entry = entries.get(hint);
    return entry instanceof Promise ? entry.then(check) : check(entry);
  }

  function findById(tenantId: string, id: RoomId): Found<RoomEntry | undefined> {
    const own = (entry: RoomEntry | undefined): RoomEntry | undefined => (entry?.room.tenantId === tenantId ? entry : undefined);
    const entry = entries.get(id);
    return entry instanceof Promise ? entry.then(own) : own(entry);
  }

  keepFresh({ ...dependencies, entries, invalidate });
  return {
    get: (id) => entries.get(id),
    find: (tenantId, idOrSlug) => (isId('room', idOrSlug) ? findById(tenantId, idOrSlug) : findBySlug(tenantId, idOrSlug)),
    read: (id) => {
      invalidate(id);
      return Promise.resolve(entries.get(id));
    },
    invalidate,
  };
}

function toEntry(defaults: RoomDefaults, found: FoundRoom | undefined): RoomEntry | undefined {
  if (found === undefined) return undefined;
  const { room, tenant, tenantRevision, session } = found;
  const effective = effectivePolicy(defaults, tenant, room);
  return Object.freeze({ room, tenantRevision, effective, placement: placementPolicyOf(effective), session });
}

function dropOldest(map: Map<string, unknown>): void {
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

interface Memory {
  readonly entries: { peek(id: string): RoomEntry | undefined; keys(): IterableIterator<string> };
  readonly invalidate: (id: RoomId) => void;
}

/** Forgets what others changed: rooms and closed sessions by their times, tenants' policies by their generation. */
function keepFresh({ store, freshness, generations, entries, invalidate }: RoomDirectoryDependencies & Memory): void {
  let since: string | undefined;
  freshness.register('rooms', async () => {
    const { now, changes } = await store.listChanges(since);
    for (const { room_id: id, revision, closed_session: closed } of changes) {
      const entry = entries.peek(id);
      if (entry && (closed === null ? entry.room.revision !== revision : entry.session?.id === closed)) invalidate(id);
    }
    since = now;
  });
  generations.onChange('tenants', async () => {
    const known = [...entries.keys()].map((id) => entries.peek(id)).filter((entry) => entry !== undefined);
    const revisions = await store.listTenantRevisions([...new Set(known.map(({ room }) => room.tenantId))]);
    for (const { room, tenantRevision } of known) {
      if (revisions.get(room.tenantId) !== tenantRevision) invalidate(room.id);
    }
  });
}
