import { type RoomId, isId } from '../kernel/ids.ts';
import { type RoomEntry, toEntry } from './room-entry.ts';
import { type Found, type RoomMemoryDependencies, createRoomMemory } from './room-memory.ts';

/** Rooms on the way of a join: from memory while Postgres has confirmed them within the last second, else read. */
export interface RoomDirectory {
  /** A room of any tenant by its id, as guests address it. */
  get(id: RoomId): Found<RoomEntry | undefined>;
  /** A room of this tenant by id or slug; undefined for a foreign one as for an absent one. */
  find(tenantId: string, idOrSlug: string): Found<RoomEntry | undefined>;
  /** Reads from Postgres whatever is in memory; cut off from it, what is in memory is the newest there is. */
  read(id: RoomId): Promise<RoomEntry | undefined>;
  /** Says that the room or its session may have changed: the next join reads it. */
  invalidate(id: RoomId): void;
  /** Says that there is news of its session: the next join reads it, and still knows it when cut off. */
  expire(id: RoomId): void;
}

/** An entry takes about 3 kB. */
const MAX_ENTRIES = 20_000;

export function createRoomDirectory(dependencies: Omit<RoomMemoryDependencies, 'maxEntries'>): RoomDirectory {
  const { store, defaults } = dependencies;
  const memory = createRoomMemory({ ...dependencies, maxEntries: MAX_ENTRIES });
  /** Where a slug was last found. Only a hint: what is found there must still bear the slug. */
  const hints = new Map<string, RoomId>();

  async function readBySlug(tenantId: string, slug: string): Promise<RoomEntry | undefined> {
    const entry = await memory.keep(async () => {
      const found = await store.findBySlug(tenantId, slug);
      return found && toEntry(defaults, found);
    });
    remember(hints, `${tenantId}/${slug}`, entry?.room.id);
    return entry;
  }

  function findBySlug(tenantId: string, slug: string): Found<RoomEntry | undefined> {
    const hint = hints.get(`${tenantId}/${slug}`);
    if (hint === undefined) return readBySlug(tenantId, slug);
    return after(memory.get(hint), (entry) => (entry?.room.slug === slug ? entry : readBySlug(tenantId, slug)));
  }

  return {
    get: memory.get,
    find: (tenantId, idOrSlug) =>
      isId('room', idOrSlug)
        ? after(memory.get(idOrSlug), (entry) => (entry?.room.tenantId === tenantId ? entry : undefined))
        : findBySlug(tenantId, idOrSlug),
    read: memory.read,
    invalidate: memory.invalidate,
    expire: memory.expire,
  };
}

/** Goes on at once with what is there: most joins then never wait. */
function after<T, U>(found: Found<T>, goOn: (value: T) => Found<U>): Found<U> {
  return found instanceof Promise ? found.then((value) => goOn(value)) : goOn(found);
}

function remember(hints: Map<string, RoomId>, key: string, id: RoomId | undefined): void {
  hints.delete(key);
  if (id === undefined) return;
  hints.set(key, id);
  const oldest = hints.keys().next();
  if (hints.size > MAX_ENTRIES && !oldest.done) hints.delete(oldest.value);
}
