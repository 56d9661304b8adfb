import type { RegionEvent } from './region-event.ts';
import {
  countPeople,
  holdsRoomOpen,
  type LiveRoom,
  type SimulatedParticipant,
  type StoredRoom,
} from './simulated-room.ts';
import type { SimulatedTime } from './simulated-time.ts';
import type { TruthLog } from './truth-log.ts';

/**
 * The two memories of a region, which may disagree as in a real one: the node's (`live`, where people are) and its
 * Redis (`stored`, what the lists show). Ghosts are stored and not live, hidden rooms are live and not stored.
 */
export interface RoomMemory {
  readonly live: Map<string, LiveRoom>;
  readonly stored: Map<string, StoredRoom>;
  /** Rooms whose node is known in Redis. */
  readonly assigned: Set<string>;
  /** Writes the room's record, as a node does for a new room and again whenever something about it changes. */
  store: (room: LiveRoom) => StoredRoom;
  /** Puts a participant into the room, new or changed. */
  put: (room: LiveRoom, participant: SimulatedParticipant) => void;
  /** Takes a participant out and tells it. */
  take: (room: LiveRoom, participant: SimulatedParticipant, reason: string) => void;
  /** Ends a live room: everybody out, gone from both memories, told by webhook. */
  finish: (room: LiveRoom, reason: string) => void;
}

export function createRoomMemory(dependencies: {
  readonly countLagMs: number;
  readonly time: SimulatedTime;
  readonly log: TruthLog;
  readonly emit: (event: RegionEvent) => void;
}): RoomMemory {
  const { countLagMs, time, log, emit } = dependencies;
  const live = new Map<string, LiveRoom>();
  const stored = new Map<string, StoredRoom>();
  const assigned = new Set<string>();

  function store(room: LiveRoom): StoredRoom {
    const numParticipants = countPeople(room);
    const record: StoredRoom = { room: room.room, participants: new Map(), numParticipants, nodeLostAtMs: undefined };
    stored.set(room.room.name, record);
    return record;
  }

  /** Redis follows the node: the list of participants at once, the count with the configured lag. */
  function follow(room: LiveRoom, change: (people: StoredRoom['participants']) => void): void {
    const record = stored.get(room.room.name) ?? store(room);
    change(record.participants);
    const copyCount = (): void => {
      record.numParticipants = countPeople(room);
    };
    if (countLagMs === 0) copyCount();
    else time.after(countLagMs, copyCount);
  }

  function tellLeft({ room }: LiveRoom, participant: SimulatedParticipant, disconnectReason: string): void {
    for (const track of participant.tracks) emit({ type: 'track_unpublished', room, participant, track });
    const { identity, sid } = participant;
    log.add('participant.left', { room: room.name, identity, sid, reason: disconnectReason });
    emit({ type: 'participant_left', room, participant, disconnectReason });
  }

  return {
    live,
    stored,
    assigned,
    store,
    put: (room, participant) => {
      room.participants.set(participant.identity, participant);
      follow(room, (people) => people.set(participant.identity, participant));
    },
    take: (room, participant, reason) => {
      room.participants.delete(participant.identity);
      if (holdsRoomOpen(participant)) room.lastLeftAtMs = time.nowMs();
      follow(room, (people) => people.delete(participant.identity));
      tellLeft(room, participant, reason);
    },
    finish: (room, reason) => {
      for (const participant of room.participants.values()) tellLeft(room, participant, reason);
      const { name, sid } = room.room;
      live.delete(name);
      stored.delete(name);
      assigned.delete(name);
      log.add('room.finished', { room: name, sid, reason });
      emit({ type: 'room_finished', room: room.room });
    },
  };
}
