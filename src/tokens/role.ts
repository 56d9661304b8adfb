import type { JoinGrant, PublishSource } from '../platform/livekit/livekit-token.ts';

/** A person's role in a room, lowest first; `agent` is for agents alone. */
export const ROLES = ['viewer', 'participant', 'moderator', 'owner'] as const;
export type Role = (typeof ROLES)[number];

export function isAbove(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) > ROLES.indexOf(other);
}

/** What the room lets participants do. */
export interface RoomPermissions {
  readonly publish: boolean;
  readonly sources: readonly PublishSource[];
  readonly data: boolean;
}

const ALL_SOURCES = 4;

/**
 * The grants of a role: the least that it needs. Nobody's browser gets an administrative grant.
 * No sources at all means no publishing, since LiveKit reads an empty list as "every source".
 */
export function grantsOf(role: Role, room: string, permissions: RoomPermissions): JoinGrant {
  const base = { room, canSubscribe: true, canUpdateOwnMetadata: false, hidden: false };
  if (role === 'viewer') return { ...base, canPublish: false, canPublishData: false, canPublishSources: [] };
  if (role === 'participant') {
    const canPublish = permissions.publish && permissions.sources.length > 0;
    const restricted = canPublish && permissions.sources.length < ALL_SOURCES;
    return { ...base, canPublish, canPublishData: permissions.data, canPublishSources: restricted ? permissions.sources : [] };
  }
  return { ...base, canPublish: true, canPublishData: true, canPublishSources: [] };
}
