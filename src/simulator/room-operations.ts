import type { RegionState } from './region-state.ts';
import { createRoomStarting, type RoomRequest } from './room-starting.ts';
import { countPeople, type LiveRoom, type SimulatedRoom } from './simulated-room.ts';
import { nodeUnknown, roomNameTooLong, roomNotFound } from './twirp-refusal.ts';

export interface RoomView {
  readonly room: SimulatedRoom;
  readonly numParticipants: number;
}

const MAX_NAME_LENGTH = 256;

/** RoomService on rooms, with the states and refusals of LiveKit 1.13. */
export function createRoomOperations(state: RegionState) {
  const { assignNode, startNew, revive } = createRoomStarting(state);
  return {
    /** Idempotent by name; the options of a second call have no effect. */
    createRoom(request: RoomRequest): RoomView {
      if (request.name.length > MAX_NAME_LENGTH) throw roomNameTooLong();
      const live = state.live.get(request.name);
      const ghost = live === undefined ? state.stored.get(request.name) : undefined;
      if (ghost !== undefined) return viewOf(revive(ghost));
      assignNode(request.name);
      return viewOf(live ?? startNew(request));
    },

    listRooms(names: readonly string[]): RoomView[] {
      const wanted = names.length === 0 ? undefined : new Set(names);
      return [...state.stored.values()].filter((record) => wanted?.has(record.room.name) ?? true);
    },

    deleteRoom(name: string): void {
      if (!state.stored.has(name)) throw roomNotFound();
      if (!state.assigned.has(name)) throw nodeUnknown();
      state.finish(state.onNode(name), 'ROOM_DELETED');
    },

    /** Nothing is delivered: the double has no media. Whether the node answers is the point. */
    sendData(name: string): void {
      state.onNode(name);
    },

    /** The room that somebody enters; a ghost comes back for that. */
    enterRoom(name: string): LiveRoom {
      const live = state.live.get(name);
      if (live !== undefined) {
        assignNode(name);
        return live;
      }
      const ghost = state.stored.get(name);
      if (ghost === undefined) throw roomNotFound();
      return revive(ghost);
    },
  };
}

function viewOf(live: LiveRoom): RoomView {
  return { room: live.room, numParticipants: countPeople(live) };
}
