import type { RoomId } from '../kernel/ids.ts';
import type { RoomDirectory, RoomEntry } from '../rooms/rooms-module.ts';
import type { RoomState, RoomStates } from './session-ports.ts';
import { fromRow } from './session-row.ts';

/** Rooms as sessions see them, over the rooms' directory. */
export interface SessionRooms extends RoomStates {
  /** The state behind an entry; the same entry always gives the same object. */
  stateOf(entry: RoomEntry): RoomState;
}

export function createSessionRooms(options: {
  readonly directory: RoomDirectory;
  readonly monotonicMs: () => number;
}): SessionRooms {
  const { directory, monotonicMs } = options;
  const states = new WeakMap<RoomEntry, RoomState>();

  function stateOf(entry: RoomEntry): RoomState {
    const known = states.get(entry);
    if (known) return known;
    const state = toState(entry, monotonicMs());
    states.set(entry, state);
    return state;
  }

  return {
    stateOf,
    get: (roomId) => {
      const entry = directory.get(roomId);
      if (entry instanceof Promise) return entry.then((found) => found && stateOf(found));
      return entry && stateOf(entry);
    },
    refresh: async (roomId: RoomId) => {
      const entry = await directory.read(roomId);
      return entry && stateOf(entry);
    },
    invalidate: directory.invalidate,
    expire: directory.expire,
  };
}

function toState(entry: RoomEntry, readAtMs: number): RoomState {
  const { room, tenantRevision, effective, session } = entry;
  return {
    roomId: room.id,
    tenantId: room.tenantId,
    roomName: room.name,
    roomRevision: room.revision,
    tenantRevision,
    emptyTimeoutSeconds: effective.emptyTimeoutSeconds.value,
    maxParticipants: effective.maxParticipants.value,
    agents: room.settings.agents ?? [],
    // The directory reads open sessions only, without the columns that the room says already.
    session: session && fromRow({ ...session, room_id: room.id, tenant_id: room.tenantId, closed_at: null, close_reason: null }),
    readAtMs,
  };
}
