import type { RegionState } from './region-state.ts';
import {
  holdsRoomOpen,
  type LiveRoom,
  type SimulatedParticipant,
  type SimulatedPermission,
  type SimulatedTrack,
} from './simulated-room.ts';

/** Who comes in, as the join token says. */
export interface Entrant {
  readonly identity: string;
  readonly name: string;
  readonly kind: string;
  readonly metadata: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly permission: SimulatedPermission;
}

/** What clients do: come, publish, leave. */
export function createClientOperations(state: RegionState) {
  const { time, log } = state;

  function findInside(room: string, identity: string): { live: LiveRoom; participant: SimulatedParticipant } | undefined {
    const live = state.live.get(room);
    const participant = live?.participants.get(identity);
    return live === undefined || participant === undefined ? undefined : { live, participant };
  }

  return {
    /** Undefined when the room is full. The same identity once more throws its older connection out. */
    join(live: LiveRoom, entrant: Entrant): SimulatedParticipant | undefined {
      const older = live.participants.get(entrant.identity);
      const seats = [...live.participants.values()].filter((one) => one !== older && holdsRoomOpen(one));
      const { maxParticipants, name } = live.room;
      if (maxParticipants > 0 && seats.length >= maxParticipants) return undefined;
      if (older !== undefined) state.take(live, older, 'DUPLICATE_IDENTITY');
      const joined = { ...entrant, sid: state.makeSid('PA'), joinedAtMs: time.nowMs(), tracks: [] };
      log.add('participant.joined', { room: name, identity: joined.identity, sid: joined.sid, kind: joined.kind });
      state.put(live, joined);
      state.emit({ type: 'participant_joined', room: live.room, participant: joined });
      return joined;
    },

    /** A client that goes; false when it is not inside. */
    leave(room: string, identity: string, reason: string): boolean {
      const inside = findInside(room, identity);
      if (inside !== undefined) state.take(inside.live, inside.participant, reason);
      return inside !== undefined;
    },

    /** A client that publishes; undefined when it is not inside. */
    publish(room: string, identity: string, source: string): SimulatedTrack | undefined {
      const inside = findInside(room, identity);
      if (inside === undefined) return undefined;
      const { live, participant } = inside;
      const type = source === 'MICROPHONE' || source === 'SCREEN_SHARE_AUDIO' ? 'AUDIO' : 'VIDEO';
      const track: SimulatedTrack = { sid: state.makeSid('TR'), type, source, muted: false };
      state.put(live, { ...participant, tracks: [...participant.tracks, track] });
      state.emit({ type: 'track_published', room: live.room, participant, track });
      return track;
    },
  };
}
