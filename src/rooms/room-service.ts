import { AppError } from '../kernel/app-error.ts';
import { type RoomId, makeId } from '../kernel/ids.ts';
import type { Page, PageRequest } from '../kernel/page.ts';
import type { UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import type { Precondition } from '../platform/http/if-match.ts';
import type { By } from '../tenants/tenants-module.ts';
import type { JsonObject } from './merge-patch.ts';
import { assertAllowedRegions, assertKnownRegions } from './region-rules.ts';
import type { KnownRegion, LiveSession, Room, RoomContent } from './room.ts';
import { contentOf, patchContent, settingsOf } from './room-content.ts';
import { roomNotFound, roomRevisionConflict, slugTaken } from './room-errors.ts';
import { type EffectivePolicy, type RoomDefaults, effectivePolicy } from './room-policy.ts';
import type { TenantRoom } from './room-row.ts';
import type { RoomSchemas } from './room-schemas.ts';
import { SLUG_BYTES, slugFrom } from './room-slug.ts';
import { type StoredContent, createRoomStore } from './room-store.ts';
import type { TenantRules } from './tenant-rules.ts';

/** A room with every value that is in force for it. */
export interface PolicedRoom {
  readonly room: Room;
  readonly effective: EffectivePolicy;
}

export interface RoomView extends PolicedRoom {
  readonly live: LiveSession | null;
}

/** What higher modules do for rooms; given by the composer. */
export interface RoomPorts {
  /** The open sessions of these rooms, by room id. */
  liveOf(roomIds: readonly RoomId[]): Promise<ReadonlyMap<string, LiveSession>>;
  /** Closes the room's open session, if there is one, in the given transaction. */
  closeLiveSession(work: Work, room: Room, reason: 'room-deleted'): Promise<void>;
  /** Closes the room's open session, if its region lies outside the residency now in force, in the given transaction. */
  closeIfOutside(work: Work, room: PolicedRoom): Promise<void>;
  /** All regions of the configuration in use, whatever their state. */
  regions(): readonly KnownRegion[];
}

export interface RoomService {
  /**
   * Makes a room; without a slug it gets one.
   * @throws AppError `room.slug-taken`, `region.unknown`, `region.not-allowed`.
   */
  create(tenantId: string, content: RoomContent, by: By): Promise<RoomView>;
  /** @throws AppError `room.not-found`, alike for absent, deleted and foreign rooms. */
  get(tenantId: string, idOrSlug: string): Promise<RoomView>;
  /** Newest first. */
  list(tenantId: string, page: PageRequest): Promise<Page<RoomView>>;
  /**
   * Applies a merge patch. What it changes counts from the next session, but a live session outside a new residency
   * is closed.
   * @throws AppError `room.not-found`, `room.revision-conflict`, `request.invalid`, and those of `create`.
   */
  update(tenantId: string, idOrSlug: string, change: RoomChange, by: By): Promise<RoomView>;
  /** Takes the room out of use, closes its live session and frees its slug. @throws AppError `room.not-found`. */
  remove(tenantId: string, idOrSlug: string, by: By): Promise<void>;
}

export interface RoomChange {
  readonly patch: JsonObject;
  /** What the caller believes the revision to be; undefined = whatever it is. */
  readonly precondition: Precondition | undefined;
}

export interface RoomServiceDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly schemas: RoomSchemas;
  readonly defaults: RoomDefaults;
  readonly ports: RoomPorts;
  readonly randomBytes: (size: number) => Uint8Array;
  /** Told after the commit of a change that joins must see. */
  readonly onChange: (roomId: RoomId) => void;
}

/** 54 random bits: a second try is a rarity, a fourth never comes. */
const SLUG_TRIES = 3;

export function createRoomService(dependencies: RoomServiceDependencies): RoomService {
  const { unitOfWork, schemas, defaults, ports, onChange } = dependencies;
  const reader = createRoomStore(unitOfWork.db);

  const police = ({ room, tenant }: TenantRoom): PolicedRoom => ({ room, effective: effectivePolicy(defaults, tenant, room) });

  async function view(rooms: readonly TenantRoom[]): Promise<RoomView[]> {
    const live = rooms.length === 0 ? new Map<string, LiveSession>() : await ports.liveOf(rooms.map(({ room }) => room.id));
    return rooms.map((each) => ({ ...police(each), live: live.get(each.room.id) ?? null }));
  }

  async function viewOne(room: TenantRoom | undefined): Promise<RoomView> {
    const [only] = room ? await view([room]) : [];
    if (!only) throw roomNotFound();
    return only;
  }

  function assertRegions(content: RoomContent, tenant: TenantRules): void {
    const regions = ports.regions();
    assertKnownRegions(content, regions);
    assertAllowedRegions(content, tenant, effectivePolicy(defaults, tenant, { settings: settingsOf(content) }), regions);
  }

  return {
    get: async (tenantId, idOrSlug) => viewOne(await reader.find(tenantId, idOrSlug)),
    list: async (tenantId, page) => {
      const { items, nextCursor } = await reader.list(tenantId, page);
      return { items: await view(items), nextCursor };
    },
    create: async (tenantId, content, by) => {
      const made = await unitOfWork.run(async (work) => {
        const store = createRoomStore(work.db);
        const tenant = await store.findTenantRules(tenantId);
        if (!tenant) throw new AppError('tenant.not-found', { detail: 'There is no such tenant.' });
        assertRegions(content, tenant);
        const room = { id: makeId('room'), tenantId, createdBy: by.actor };
        const slug = await insertUnderSlug(content.slug, dependencies.randomBytes, (free) => store.insert({ ...room, ...storedOf(content, free) }));
        await record(work, by, { room: { ...room, slug }, transition: 'created', after: { ...content, slug } });
        return store.find(tenantId, room.id);
      });
      if (!made) throw roomNotFound();
      return { ...police(made), live: null };
    },
    update: async (tenantId, idOrSlug, { patch, precondition }, by) => {
      const changed = await unitOfWork.run(async (work) => {
        const store = createRoomStore(work.db);
        const found = await store.lock(tenantId, idOrSlug);
        if (!found) throw roomNotFound();
        const { room, tenant } = found;
        if (precondition?.(room.revision) === false) throw roomRevisionConflict(room.revision);
        const next = patchContent(room, patch, schemas);
        // What was stored before a region or a policy changed stays; only what is written now must fit.
        if ('region' in patch || 'residency' in patch) assertRegions(next, tenant);
        const stored = storedOf(next, next.slug ?? slugFrom(dependencies.randomBytes(SLUG_BYTES)));
        if (isSame(room, stored)) return found;
        if (!(await store.update(room.id, room.revision, stored))) throw roomRevisionConflict(room.revision);
        await record(work, by, { room, transition: 'updated', before: contentOf(room), after: { ...next, slug: stored.slug } });
        const after = await store.find(tenantId, room.id);
        if (after && 'residency' in patch) await ports.closeIfOutside(work, police(after));
        return after;
      });
      if (changed) onChange(changed.room.id);
      return viewOne(changed);
    },
    remove: async (tenantId, idOrSlug, by) => {
      const id = await unitOfWork.run(async (work) => {
        const store = createRoomStore(work.db);
        const found = await store.lock(tenantId, idOrSlug);
        if (!found || !(await store.remove(found.room.id, found.room.revision))) throw roomNotFound();
        await record(work, by, { room: found.room, transition: 'deleted', before: contentOf(found.room) });
        await ports.closeLiveSession(work, found.room, 'room-deleted');
        return found.room.id;
      });
      onChange(id);
    },
  };
}

function storedOf(content: RoomContent, slug: string): StoredContent {
  return { slug, name: content.name ?? slug, settings: settingsOf(content) };
}

async function insertUnderSlug(
  given: string | undefined,
  randomBytes: (size: number) => Uint8Array,
  insert: (slug: string) => Promise<boolean>,
): Promise<string> {
  for (let tries = 1; tries <= SLUG_TRIES; tries += 1) {
    const slug = given ?? slugFrom(randomBytes(SLUG_BYTES));
    if (await insert(slug)) return slug;
    if (given !== undefined) throw slugTaken(given);
  }
  throw new Error(`${SLUG_TRIES} generated slugs were taken`);
}

interface Transition {
  readonly room: Pick<Room, 'id' | 'tenantId' | 'slug'> & { readonly revision?: number };
  readonly transition: 'created' | 'updated' | 'deleted';
  readonly before?: RoomContent;
  readonly after?: RoomContent;
}

/** The audit row and the event of a change. The room's row is locked by then, so its events keep the order of commits. */
async function record(work: Work, by: By, { room, transition, before, after }: Transition): Promise<void> {
  const revision = (room.revision ?? 0) + 1;
  await work.appendAudit({
    ...by,
    action: `room.${transition.replace(/d$/, '')}`,
    subject: room.id,
    before,
    after,
    tenantId: room.tenantId,
  });
  await work.appendEvent({
    log: room.tenantId,
    type: `room.${transition}`,
    subject: { kind: 'room', id: room.id },
    transition: `${transition}:${revision}`,
    data: { roomId: room.id, slug: after?.slug ?? room.slug, revision },
  });
}

/** Compared as stored: member order does not matter to Postgres, so at worst a write changes nothing. */
function isSame(room: Room, stored: StoredContent): boolean {
  const { slug, name, settings } = room;
  return JSON.stringify(sorted({ slug, name, settings })) === JSON.stringify(sorted(stored));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}
