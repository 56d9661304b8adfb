import type { RegionState } from './region-state.ts';
import { countPeople, type LiveRoom, type SimulatedRoom, type StoredRoom } from './simulated-room.ts';
import { nodeSilent, nodeUnknown, noNodes, roomNameTooLong, roomNotFound } from './twirp-refusal.ts';

export interface RoomRequest {
  readonly name: string;
  readonly emptyTimeoutSeconds: number;
  readonly departureTimeoutSeconds: number;
  readonly maxParticipants: number;
  readonly metadata: string;
}

export interface RoomView {
  readonly room: SimulatedRoom;
  readonly numParticipants: number;
}

const MAX_NAME_LENGTH = 256;

/** RoomService on rooms, with the states and refusals of LiveKit 1.13. */
export function createRoomOperations(state: RegionState) {
  const { config, time, log } = state;

  function assignNode(name: string): void {
    if (state.assigned.has(name)) return;
    const none = state.power !== 'up' || time.nowMs() < state.nodesBackAtMs;
    if (none) throw noNodes();
    state.assigned.add(name);
  }

  function startRoom(room: SimulatedRoom): LiveRoom {
    const live: LiveRoom = { room, participants: new Map(), lastLeftAtMs: undefined };
    state.live.set(room.name, live);
    state.emit({ type: 'room_started', room });
    return live;
  }

  function newRoom(request: RoomRequest): LiveRoom {
    const room: SimulatedRoom = {
      sid: state.makeSid('RM'),
      name: request.name,
      createdAtMs: time.nowMs(),
      emptyTimeoutSeconds: request.emptyTimeoutSeconds || config.emptyTimeoutSeconds,
      departureTimeoutSeconds: request.departureTimeoutSeconds || config.departureTimeoutSeconds,
      maxParticipants: request.maxParticipants,
      metadata: request.metadata,
      turnPassword: state.makeSid('turn'),
    };
    log.add('room.created', { room: room.name, sid: room.sid });
    const live = startRoom(room);
    state.store(live);
    return live;
  }

  /** A ghost comes back under its old sid and age; the dead people stay listed until it ends. */
  function revive(ghost: StoredRoom): LiveRoom {
    const { room, nodeLostAtMs } = ghost;
    if (nodeLostAtMs !== undefined && time.nowMs() < nodeLostAtMs + config.deadNodeMs) {
      throw nodeSilent(config.nodeTimeoutMs);
    }
    state.assigned.delete(room.name);
    assignNode(room.name);
    ghost.nodeLostAtMs = undefined;
    log.add('room.revived', { room: room.name, sid: room.sid });
    return startRoom(room);
  }

  return {
    /** Idempotent by name; the options of a second call have no effect. */
    createRoom(request: RoomRequest): RoomView {
      if (request.name.length > MAX_NAME_LENGTH) throw roomNameTooLong();
      const live = state.live.get(request.name);
      const ghost = live === undefined ? state.stored.get(request.name) : undefined;
      if (ghost !== undefined) return viewOf(revive(ghost));
      assignNode(request.name);
      return viewOf(live ?? newRoom(request));
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

    /** A ghost that somebody enters; live rooms are returned as they are. */
    enterRoom(name: string): LiveRoom {
      const live = state.live.get(name);
      const ghost = state.stored.get(name);
      if (live === undefined && ghost === undefined) throw roomNotFound();
      assignNode(name);
      return live ?? revive(ghost as StoredRoom);
    },
  };
}

function viewOf(live: LiveRoom): RoomView {
  return { room: live.room, numParticipants: countPeople(live) };
}
