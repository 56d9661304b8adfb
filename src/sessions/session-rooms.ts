import type { RoomId } from '../kernel/ids.ts';
import type { RoomDirectory, RoomEntry, SessionRow } from '../rooms/rooms-module.ts';
import type { RoomState, RoomStates } from './session-ports.ts';
import type { Session } from './session.ts';

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
    session: session && toSession(entry, session),
    readAtMs,
  };
}

function toSession({ room }: RoomEntry, row: SessionRow): Session {
  return {
    id: row.id,
    roomId: room.id,
    tenantId: room.tenantId,
    epoch: row.epoch,
    region: row.region,
    decisionId: row.decision_id,
    emptyTimeoutSeconds: row.empty_timeout_seconds,
    departureTimeoutSeconds: row.departure_timeout_seconds,
    maxParticipants: row.max_participants,
    roomConfig: row.room_config,
    openedAt: row.opened_at,
    liveAt: row.live_at,
    livekitSid: row.livekit_sid,
    closedAt: null,
    closeReason: null,
    lastSignAt: row.last_sign_at,
    nodeSignAt: row.node_sign_at,
    inside: row.inside,
    lastLeftAt: row.last_left_at,
    participantsReadAt: row.participants_read_at,
    doubtfulAt: row.doubtful_at,
    hiddenAt: row.hidden_at,
    silentAt: row.silent_at,
    createCalledAt: row.create_called_at,
  };
}
