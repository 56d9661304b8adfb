import type { RoomId } from '../kernel/ids.ts';
import type { Work } from '../platform/database/unit-of-work.ts';
import type { KnownRegion, LiveSession, Room } from './room.ts';
import type { EffectivePolicy } from './room-policy.ts';

/** A room with every value that is in force for it. */
export interface PolicedRoom {
  readonly room: Room;
  readonly effective: EffectivePolicy;
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
