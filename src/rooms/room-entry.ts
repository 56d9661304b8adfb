import type { Room } from './room.ts';
import type { FoundRoom, SessionRow } from './room-directory-store.ts';
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

/** Works the policy out once for each read, not for each join. */
export function toEntry(defaults: RoomDefaults, { room, tenant, tenantRevision, session }: FoundRoom): RoomEntry {
  const effective = effectivePolicy(defaults, tenant, room);
  return Object.freeze({ room, tenantRevision, effective, placement: placementPolicyOf(effective), session });
}
