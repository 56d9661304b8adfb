import type { z } from 'zod';
import { isoTime } from '../platform/http/wire.ts';
import { type PolicyLock, type Sourced, locksOf } from './room-policy.ts';
import type { PolicedRoom } from './room-ports.ts';
import type { roomSchema } from './room-schemas.ts';
import type { RoomView } from './room-service.ts';

/** A room as callers see it: every value in force, but its own residency only, since that is what the owner may change. */
export function toWire({ room, effective, live }: RoomView): z.input<typeof roomSchema> {
  const { settings } = room;
  return {
    id: room.id,
    tenantId: room.tenantId,
    slug: room.slug,
    name: room.name,
    access: effective.access.value,
    region: effective.region.value,
    residency: (settings.residency as z.input<typeof roomSchema>['residency'] | undefined) ?? null,
    maxParticipants: effective.maxParticipants.value,
    emptyTimeoutSeconds: effective.emptyTimeoutSeconds.value,
    permissions: { ...effective.permissions.value, sources: [...effective.permissions.value.sources] },
    recording: effective.recording.value,
    agents: [...(settings.agents ?? [])],
    invitedCountries: [...(settings.invitedCountries ?? [])],
    metadata: settings.metadata ?? null,
    createdAt: isoTime(room.createdAt),
    updatedAt: isoTime(room.updatedAt),
    revision: room.revision,
    live: live && { ...live, startedAt: isoTime(live.startedAt) },
  };
}

/** Every value in force with its source, and who keeps the room from choosing more widely. */
export function toPolicyWire({ room: { settings }, effective }: PolicedRoom): Record<string, Sourced<unknown> & { readonly lockedBy: PolicyLock }> {
  const locks = locksOf(effective);
  const own = <T>(value: T | undefined, otherwise: T): Sourced<T> =>
    value === undefined ? { value: otherwise, source: 'deployment' } : { value, source: 'room' };
  return {
    access: { ...effective.access, lockedBy: null },
    region: { ...effective.region, lockedBy: locks.region },
    residency: { ...effective.residency, lockedBy: locks.residency },
    maxParticipants: { ...effective.maxParticipants, lockedBy: null },
    emptyTimeoutSeconds: { ...effective.emptyTimeoutSeconds, lockedBy: null },
    permissions: { ...effective.permissions, lockedBy: null },
    recording: { ...effective.recording, lockedBy: null },
    agents: { ...own(settings.agents, []), lockedBy: null },
    invitedCountries: { ...own(settings.invitedCountries, []), lockedBy: null },
    metadata: { ...own(settings.metadata, null), lockedBy: null },
  };
}
