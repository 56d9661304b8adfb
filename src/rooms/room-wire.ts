import type { z } from 'zod';
import { isoTime } from '../platform/http/wire.ts';
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
