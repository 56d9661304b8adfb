import type { RoomId } from '../kernel/ids.ts';
import type { Page, PageRequest } from '../kernel/page.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { By } from '../tenants/tenants-module.ts';
import type { LiveSession, RoomContent } from './room.ts';
import { roomNotFound } from './room-errors.ts';
import { effectivePolicy } from './room-policy.ts';
import type { PolicedRoom } from './room-ports.ts';
import type { TenantRoom } from './room-row.ts';
import { createRoomStore } from './room-store.ts';
import { type RoomChange, type RoomWriterDependencies, createRoomWriter } from './room-writer.ts';

export interface RoomView extends PolicedRoom {
  readonly live: LiveSession | null;
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
   * is closed. A patch that changes nothing makes no revision.
   * @throws AppError `room.not-found`, `room.revision-conflict`, `request.invalid`, and those of `create`.
   */
  update(tenantId: string, idOrSlug: string, change: RoomChange, by: By): Promise<RoomView>;
  /** Takes the room out of use, closes its live session and frees its slug. @throws AppError `room.not-found`. */
  remove(tenantId: string, idOrSlug: string, by: By): Promise<void>;
}

export interface RoomServiceDependencies extends RoomWriterDependencies {
  readonly unitOfWork: UnitOfWork;
  /** Told after the commit of a change that joins must see. */
  readonly onChange: (roomId: RoomId) => void;
}

export function createRoomService(dependencies: RoomServiceDependencies): RoomService {
  const { unitOfWork, defaults, ports, onChange } = dependencies;
  const reader = createRoomStore(unitOfWork.db);
  const writer = createRoomWriter(dependencies);

  async function view(rooms: readonly TenantRoom[]): Promise<RoomView[]> {
    const live = rooms.length === 0 ? new Map<string, LiveSession>() : await ports.liveOf(rooms.map(({ room }) => room.id));
    return rooms.map(({ room, tenant }) => ({
      room,
      effective: effectivePolicy(defaults, tenant, room),
      live: live.get(room.id) ?? null,
    }));
  }

  async function viewOne(room: TenantRoom | undefined): Promise<RoomView> {
    const [only] = room ? await view([room]) : [];
    if (!only) throw roomNotFound();
    return only;
  }

  return {
    get: async (tenantId, idOrSlug) => viewOne(await reader.find(tenantId, idOrSlug)),
    list: async (tenantId, page) => {
      const { items, nextCursor } = await reader.list(tenantId, page);
      return { items: await view(items), nextCursor };
    },
    create: async (tenantId, content, by) => viewOne(await unitOfWork.run((work) => writer.create(work, tenantId, content, by))),
    update: async (tenantId, idOrSlug, change, by) => {
      const changed = await unitOfWork.run((work) => writer.update(work, { tenantId, idOrSlug }, change, by));
      onChange(changed.room.id);
      return viewOne(changed);
    },
    remove: async (tenantId, idOrSlug, by) => {
      onChange(await unitOfWork.run((work) => writer.remove(work, { tenantId, idOrSlug }, by)));
    },
  };
}
