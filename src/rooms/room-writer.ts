import { AppError } from '../kernel/app-error.ts';
import { type RoomId, makeId } from '../kernel/ids.ts';
import type { Work } from '../platform/database/unit-of-work.ts';
import type { Precondition } from '../platform/http/if-match.ts';
import type { By } from '../tenants/tenants-module.ts';
import type { JsonObject } from '../kernel/merge-patch.ts';
import { assertAllowedRegions, assertKnownRegions } from './region-rules.ts';
import type { RoomContent } from './room.ts';
import { contentOf, isSameContent, patchContent, storedOf } from './room-content.ts';
import { roomNotFound, roomRevisionConflict, slugTaken } from './room-errors.ts';
import { recordChange } from './room-journal.ts';
import { type RoomDefaults, effectivePolicy } from './room-policy.ts';
import type { RoomPorts } from './room-ports.ts';
import type { TenantRoom } from './room-row.ts';
import type { RoomSchemas } from './room-schemas.ts';
import { SLUG_BYTES, slugFrom } from './room-slug.ts';
import { type RoomStore, createRoomStore } from './room-store.ts';
import type { TenantRules } from './tenant-rules.ts';

export interface RoomChange {
  readonly patch: JsonObject;
  /** What the caller believes the revision to be; undefined = whatever it is. */
  readonly precondition: Precondition | undefined;
}

export interface RoomAddress {
  readonly tenantId: string;
  readonly idOrSlug: string;
}

/** The changes of a room, each inside a transaction of the caller's, with its audit row and its event. */
export interface RoomWriter {
  create(work: Work, tenantId: string, content: RoomContent, by: By): Promise<TenantRoom>;
  update(work: Work, address: RoomAddress, change: RoomChange, by: By): Promise<TenantRoom>;
  remove(work: Work, address: RoomAddress, by: By): Promise<RoomId>;
}

export interface RoomWriterDependencies {
  readonly schemas: RoomSchemas;
  readonly defaults: RoomDefaults;
  readonly ports: RoomPorts;
  readonly randomBytes: (size: number) => Uint8Array;
}

/** 54 random bits: a second try is a rarity, a fourth never comes. */
const SLUG_TRIES = 3;

export function createRoomWriter({ schemas, defaults, ports, randomBytes }: RoomWriterDependencies): RoomWriter {
  const makeSlug = (): string => slugFrom(randomBytes(SLUG_BYTES));

  function assertRegions(content: RoomContent, tenant: TenantRules): void {
    const regions = ports.regions();
    assertKnownRegions(content, regions);
    assertAllowedRegions(content, tenant, effectivePolicy(defaults, tenant, { settings: content }), regions);
  }

  return {
    create: async (work, tenantId, content, by) => {
      const store = createRoomStore(work.db);
      const tenant = await store.findTenantRules(tenantId);
      if (!tenant) throw new AppError('tenant.not-found', { detail: 'There is no such tenant.' });
      assertRegions(content, tenant);
      const room = { id: makeId('room'), tenantId, createdBy: by.actor };
      const slug = await insertUnderSlug(content.slug, makeSlug, (free) => store.insert({ ...room, ...storedOf(content, free) }));
      await recordChange(work, by, { room: { ...room, slug, revision: 1 }, change: 'create', after: { ...content, slug } });
      return reread(store, room);
    },
    update: async (work, address, { patch, precondition }, by) => {
      const store = createRoomStore(work.db);
      const found = await lock(store, address);
      const { room, tenant } = found;
      if (precondition?.(room.revision) === false) throw roomRevisionConflict(room.revision);
      const content = patchContent(room, patch, schemas);
      // What was stored before a region or a policy changed stays; only what is written now must fit.
      if ('region' in patch || 'residency' in patch) assertRegions(content, tenant);
      const stored = storedOf(content, content.slug ?? makeSlug());
      if (isSameContent(room, stored)) return found;
      if (!(await store.update(room.id, room.revision, stored))) throw roomRevisionConflict(room.revision);
      const after = await reread(store, room);
      await recordChange(work, by, { room: after.room, change: 'update', before: contentOf(room), after: contentOf(after.room) });
      if ('residency' in patch) await ports.closeIfOutside(work, { room: after.room, effective: effectivePolicy(defaults, tenant, after.room) });
      return after;
    },
    remove: (work, address, by) => remove(ports, work, address, by),
  };
}

async function remove(ports: RoomPorts, work: Work, address: RoomAddress, by: By): Promise<RoomId> {
  const store = createRoomStore(work.db);
  const { room } = await lock(store, address);
  if (!(await store.remove(room.id, room.revision))) throw roomNotFound();
  await recordChange(work, by, { room: { ...room, revision: room.revision + 1 }, change: 'delete', before: contentOf(room) });
  await ports.closeLiveSession(work, room, 'room-deleted');
  return room.id;
}

async function lock(store: RoomStore, { tenantId, idOrSlug }: RoomAddress): Promise<TenantRoom> {
  const found = await store.lock(tenantId, idOrSlug);
  if (!found) throw roomNotFound();
  return found;
}

async function reread(store: RoomStore, { tenantId, id }: { readonly tenantId: string; readonly id: RoomId }): Promise<TenantRoom> {
  const found = await store.find(tenantId, id);
  if (!found) throw roomNotFound();
  return found;
}

async function insertUnderSlug(given: string | undefined, makeSlug: () => string, insert: (slug: string) => Promise<boolean>): Promise<string> {
  for (let tries = 1; tries <= SLUG_TRIES; tries += 1) {
    const slug = given ?? makeSlug();
    if (await insert(slug)) return slug;
    if (given !== undefined) throw slugTaken(given);
  }
  throw new Error(`${SLUG_TRIES} generated slugs were taken`);
}
