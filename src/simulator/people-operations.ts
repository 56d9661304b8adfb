import type { RegionState } from './region-state.ts';
import type { LiveRoom, SimulatedParticipant, SimulatedPermission, SimulatedTrack } from './simulated-room.ts';
import { nodeSilent, participantNotFound, unmuteRefused } from './twirp-refusal.ts';

export interface ParticipantChange {
  readonly name: string;
  readonly metadata: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly permission: SimulatedPermission | undefined;
}

/** RoomService on people, with the states and refusals of LiveKit 1.13. */
export function createPeopleOperations(state: RegionState) {
  /** The participant on its node, found the way LiveKit finds it: first in Redis, then on the node. */
  function findInside(room: string, identity: string): { live: LiveRoom; participant: SimulatedParticipant } {
    if (!state.stored.get(room)?.participants.has(identity)) throw participantNotFound();
    const live = state.onNode(room);
    const participant = live.participants.get(identity);
    if (participant === undefined) throw participantNotFound();
    return { live, participant };
  }

  return {
    listParticipants(room: string): SimulatedParticipant[] {
      return [...(state.stored.get(room)?.participants.values() ?? [])];
    },

    removeParticipant(room: string, identity: string): void {
      const { live, participant } = findInside(room, identity);
      state.take(live, participant, 'PARTICIPANT_REMOVED');
    },

    updateParticipant(room: string, identity: string, change: ParticipantChange): SimulatedParticipant {
      const { live, participant } = findInside(room, identity);
      const changed = {
        ...participant,
        name: change.name || participant.name,
        metadata: change.metadata || participant.metadata,
        attributes: { ...participant.attributes, ...change.attributes },
        permission: change.permission ?? participant.permission,
      };
      state.put(live, changed);
      return changed;
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
      const tracks = participant.tracks.map((one) => (one === track ? changed : one));
      state.put(live, { ...participant, tracks });
      return changed;
    },
  };
}
