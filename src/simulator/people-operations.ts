import type { RegionState } from './region-state.ts';
import { holdsRoomOpen, type LiveRoom, type SimulatedParticipant, type SimulatedPermission, type SimulatedTrack } from './simulated-room.ts';
import { nodeSilent, participantNotFound, unmuteRefused } from './twirp-refusal.ts';

/** Who comes in, as the join token says. */
export interface Entrant {
  readonly identity: string;
  readonly name: string;
  readonly kind: string;
  readonly metadata: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly permission: SimulatedPermission;
}

export interface ParticipantChange {
  readonly name: string;
  readonly metadata: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly permission: SimulatedPermission | undefined;
}

/** RoomService on people, and what clients do: come, publish, leave. */
export function createPeopleOperations(state: RegionState) {
  const { time, log } = state;

  /** The participant on its node, found the way LiveKit finds it: first in Redis, then on the node. */
  function findInside(room: string, identity: string): { live: LiveRoom; participant: SimulatedParticipant } {
    if (!state.stored.get(room)?.participants.has(identity)) throw participantNotFound();
    const live = state.onNode(room);
    const participant = live.participants.get(identity);
    if (participant === undefined) throw participantNotFound();
    return { live, participant };
  }

  function put(live: LiveRoom, participant: SimulatedParticipant): SimulatedParticipant {
    live.participants.set(participant.identity, participant);
    state.storeParticipants(live, (people) => people.set(participant.identity, participant));
    return participant;
  }

  function take(live: LiveRoom, participant: SimulatedParticipant, reason: string): void {
    live.participants.delete(participant.identity);
    if (holdsRoomOpen(participant)) live.lastLeftAtMs = time.nowMs();
    state.storeParticipants(live, (people) => people.delete(participant.identity));
    state.announceLeft(live, participant, reason);
  }

  return {
    /** Undefined when the room is full. The same identity once more throws its older connection out. */
    join(live: LiveRoom, entrant: Entrant): SimulatedParticipant | undefined {
      const older = live.participants.get(entrant.identity);
      const seats = [...live.participants.values()].filter((one) => one !== older && holdsRoomOpen(one));
      const { maxParticipants, name } = live.room;
      if (maxParticipants > 0 && seats.length >= maxParticipants) return undefined;
      if (older !== undefined) take(live, older, 'DUPLICATE_IDENTITY');
      const joined = { ...entrant, sid: state.makeSid('PA'), joinedAtMs: time.nowMs(), tracks: [] };
      log.add('participant.joined', { room: name, identity: joined.identity, sid: joined.sid, kind: joined.kind });
      put(live, joined);
      state.emit({ type: 'participant_joined', room: live.room, participant: joined });
      return joined;
    },

    /** A client that goes; false when it is not inside. */
    leave(room: string, identity: string, reason: string): boolean {
      const live = state.live.get(room);
      const participant = live?.participants.get(identity);
      if (live === undefined || participant === undefined) return false;
      take(live, participant, reason);
      return true;
    },

    /** A client that publishes; undefined when it is not inside. */
    publish(room: string, identity: string, source: string): SimulatedTrack | undefined {
      const live = state.live.get(room);
      const participant = live?.participants.get(identity);
      if (live === undefined || participant === undefined) return undefined;
      const type = source === 'MICROPHONE' || source === 'SCREEN_SHARE_AUDIO' ? 'AUDIO' : 'VIDEO';
      const track: SimulatedTrack = { sid: state.makeSid('TR'), type, source, muted: false };
      put(live, { ...participant, tracks: [...participant.tracks, track] });
      state.emit({ type: 'track_published', room: live.room, participant, track });
      return track;
    },

    listParticipants(room: string): SimulatedParticipant[] {
      return [...(state.stored.get(room)?.participants.values() ?? [])];
    },

    removeParticipant(room: string, identity: string): void {
      const { live, participant } = findInside(room, identity);
      take(live, participant, 'PARTICIPANT_REMOVED');
    },

    updateParticipant(room: string, identity: string, change: ParticipantChange): SimulatedParticipant {
      const { live, participant } = findInside(room, identity);
      return put(live, {
        ...participant,
        name: change.name || participant.name,
        metadata: change.metadata || participant.metadata,
        attributes: { ...participant.attributes, ...change.attributes },
        permission: change.permission ?? participant.permission,
      });
    },

    /** Asks the node alone, so an unknown room costs the full wait. Undefined for a track that is not there. */
    muteTrack(room: string, identity: string, trackSid: string, muted: boolean): SimulatedTrack | undefined {
      const live = state.onNode(room);
      const participant = live.participants.get(identity);
      // Each participant has an address of its own, at which nobody answers for one who is not inside.
      if (participant === undefined) throw nodeSilent(state.config.nodeTimeoutMs);
      if (!muted) throw unmuteRefused();
      const track = participant.tracks.find((one) => one.sid === trackSid);
      if (track === undefined) return undefined;
      const changed = { ...track, muted };
      put(live, { ...participant, tracks: participant.tracks.map((one) => (one === track ? changed : one)) });
      return changed;
    },
  };
}
