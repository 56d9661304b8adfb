import type { RegionState } from './region-state.ts';
import type { LiveRoom, SimulatedRoom, StoredRoom } from './simulated-room.ts';
import { nodeSilent, noNodes } from './twirp-refusal.ts';

export interface RoomRequest {
  readonly name: string;
  readonly emptyTimeoutSeconds: number;
  readonly departureTimeoutSeconds: number;
  readonly maxParticipants: number;
  readonly metadata: string;
}

export interface RoomStarting {
  /** Gives the room a node. @throws TwirpRefusal when there is none to be had. */
  assignNode: (name: string) => void;
  startNew: (request: RoomRequest) => LiveRoom;
  /** A ghost comes back under its old sid and age; the dead people stay listed until it ends. */
  revive: (ghost: StoredRoom) => LiveRoom;
}

/** How a room comes into a node's memory. */
export function createRoomStarting(state: RegionState): RoomStarting {
  const { config, time, log } = state;

  function assignNode(name: string): void {
    if (state.assigned.has(name)) return;
    const none = state.power !== 'up' || time.nowMs() < state.nodesBackAtMs;
    if (none) throw noNodes();
    state.assigned.add(name);
  }

  function start(room: SimulatedRoom): LiveRoom {
    const live: LiveRoom = { room, participants: new Map(), lastLeftAtMs: undefined };
    state.live.set(room.name, live);
    state.emit({ type: 'room_started', room });
    return live;
  }

  return {
    assignNode,
    startNew: (request) => {
      const room: SimulatedRoom = {
        ...request,
        sid: state.makeSid('RM'),
        createdAtMs: time.nowMs(),
        emptyTimeoutSeconds: request.emptyTimeoutSeconds || config.emptyTimeoutSeconds,
        departureTimeoutSeconds: request.departureTimeoutSeconds || config.departureTimeoutSeconds,
        turnPassword: state.makeSid('turn'),
      };
      log.add('room.created', { room: room.name, sid: room.sid });
      const live = start(room);
      state.store(live);
      return live;
    },
    revive: (ghost) => {
      const { room, nodeLostAtMs } = ghost;
      if (nodeLostAtMs !== undefined && time.nowMs() < nodeLostAtMs + config.deadNodeMs) {
        throw nodeSilent(config.nodeTimeoutMs);
      }
      state.assigned.delete(room.name);
      assignNode(room.name);
      ghost.nodeLostAtMs = undefined;
      log.add('room.revived', { room: room.name, sid: room.sid });
      return start(room);
    },
  };
}
