import { createHash, randomUUID } from 'node:crypto';
import type { SimulatedRegionConfig } from './simulator-config.ts';
import {
  countPeople,
  type LiveRoom,
  type SimulatedParticipant,
  type SimulatedRoom,
  type SimulatedTrack,
  type StoredRoom,
} from './simulated-room.ts';
import type { SimulatedTime } from './simulated-time.ts';
import type { TruthLog } from './truth-log.ts';
import { nodeSilent } from './twirp-refusal.ts';

/** Something LiveKit tells by webhook. */
export interface RegionEvent {
  readonly type: string;
  readonly room: SimulatedRoom;
  readonly participant?: SimulatedParticipant;
  readonly disconnectReason?: string;
  readonly track?: SimulatedTrack;
}

export interface RegionStateDependencies {
  readonly config: SimulatedRegionConfig;
  readonly seed: string | undefined;
  readonly time: SimulatedTime;
  readonly log: TruthLog;
  readonly emit: (event: RegionEvent) => void;
}

/** `down`: the process is dead. `draining`: it takes no new rooms and ends with its last room. */
export type RegionPower = 'up' | 'draining' | 'down';

/**
 * One region as two memories that may disagree, as in a real one: the node's (`live`, where people are) and its
 * Redis (`stored`, what the lists show). Ghosts are stored and not live, hidden rooms are live and not stored.
 */
export type RegionState = ReturnType<typeof createRegionState>;

export function createRegionState(dependencies: RegionStateDependencies) {
  const { config, time, log, emit } = dependencies;
  const live = new Map<string, LiveRoom>();
  const stored = new Map<string, StoredRoom>();
  /** Rooms whose node is known in Redis. */
  const assigned = new Set<string>();

  function store(room: LiveRoom): StoredRoom {
    const record: StoredRoom = {
      room: room.room,
      participants: new Map(),
      numParticipants: countPeople(room),
      nodeLostAtMs: undefined,
    };
    stored.set(room.room.name, record);
    return record;
  }

  /** Redis follows the node: the list of participants at once, the count with the configured lag. */
  function storeParticipants(room: LiveRoom, change: (people: StoredRoom['participants']) => void): void {
    const record = stored.get(room.room.name) ?? store(room);
    change(record.participants);
    const copyCount = (): void => {
      record.numParticipants = countPeople(room);
    };
    if (config.participantCountLagMs === 0) copyCount();
    else time.after(config.participantCountLagMs, copyCount);
  }

  /** The room as its node knows it; without a node LiveKit waits, then says 503. */
  function onNode(name: string): LiveRoom {
    const room = live.get(name);
    if (room === undefined) throw nodeSilent(config.nodeTimeoutMs);
    return room;
  }

  /** Ends a live room: everybody out, gone from both memories, told by webhook. */
  function finish(room: LiveRoom, reason: string): void {
    for (const participant of room.participants.values()) announceLeft(room, participant, reason);
    const { name, sid } = room.room;
    live.delete(name);
    stored.delete(name);
    assigned.delete(name);
    log.add('room.finished', { room: name, sid, reason });
    emit({ type: 'room_finished', room: room.room });
  }

  function announceLeft(room: LiveRoom, participant: SimulatedParticipant, disconnectReason: string): void {
    for (const track of participant.tracks) {
      emit({ type: 'track_unpublished', room: room.room, participant, track });
    }
    const { identity, sid } = participant;
    log.add('participant.left', { room: room.room.name, identity, sid, reason: disconnectReason });
    emit({ type: 'participant_left', room: room.room, participant, disconnectReason });
  }

  return {
    ...dependencies,
    live,
    stored,
    assigned,
    power: 'up' as RegionPower,
    /** Until then Redis does not know of any node. */
    nodesBackAtMs: 0,
    makeSid: createSidMaker(dependencies.seed, config.id),
    store,
    storeParticipants,
    onNode,
    finish,
    announceLeft,
  };
}

/** LiveKit's ids: a prefix that tells the kind, and twelve letters and digits. */
function createSidMaker(seed: string | undefined, region: string): (prefix: string) => string {
  const base = `${seed ?? randomUUID()}/${region}`;
  let made = 0;
  return (prefix) => {
    made += 1;
    const digest = createHash('sha256').update(`${base}/${made}`).digest('base64');
    return `${prefix}_${digest.replace(/[^A-Za-z0-9]/g, '').slice(0, 12)}`;
  };
}
