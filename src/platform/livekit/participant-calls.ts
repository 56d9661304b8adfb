import { emptyMessageSchema, listSchema, type LivekitParticipant, livekitParticipantSchema, type LivekitPermission } from './livekit-message.ts';
import { type CallOptions, LIST_MAX_BYTES, type TwirpClient } from './twirp-client.ts';
import { unlessNotFound } from './unless-not-found.ts';

/** What changes about a participant; `permission` replaces all permissions at once. */
export interface ParticipantChange {
  readonly identity: string;
  readonly name?: string | undefined;
  readonly metadata?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  readonly permission?: LivekitPermission | undefined;
}

export interface TrackMute {
  readonly identity: string;
  readonly trackSid: string;
  /** Unmuting is refused (`definite`, 412) unless the region's LiveKit allows it. */
  readonly muted: boolean;
}

/** What Meridian asks of people. */
export interface ParticipantCalls {
  /** Empty for an unknown room as well. */
  readonly listParticipants: (room: string, options?: CallOptions) => Promise<LivekitParticipant[]>;
  readonly removeParticipant: (
    room: string,
    identity: string,
    options?: CallOptions,
  ) => Promise<'removed' | 'absent'>;
  /** For an identity that is not inside LiveKit waits 3 s and then says 503, which is thrown as `trouble`. */
  readonly mutePublishedTrack: (room: string, mute: TrackMute, options?: CallOptions) => Promise<'done' | 'absent'>;
  /** The participant as asked for, or undefined when nobody of that identity is inside. */
  readonly updateParticipant: (
    room: string,
    change: ParticipantChange,
    options?: CallOptions,
  ) => Promise<LivekitParticipant | undefined>;
}

const participantsSchema = listSchema('participants', livekitParticipantSchema);

/** The calls about people; their guarantees stand at `LivekitGateway`. */
export function createParticipantCalls(client: TwirpClient): ParticipantCalls {
  return {
    listParticipants(room, options = {}) {
      return client.call(
        {
          route: 'RoomService/ListParticipants',
          grant: { roomAdmin: true, room },
          body: { room },
          answer: participantsSchema,
          lane: 'background',
          maxBytes: LIST_MAX_BYTES,
        },
        options,
      );
    },

    ...createParticipantChanges(client),
  };
}

function createParticipantChanges(client: TwirpClient): Omit<ParticipantCalls, 'listParticipants'> {
  return {
    removeParticipant(room, identity, options = {}) {
      const call = client.call(
        {
          route: 'RoomService/RemoveParticipant',
          grant: { roomAdmin: true, room },
          body: { room, identity },
          answer: emptyMessageSchema,
          lane: 'background',
        },
        options,
      );
      return unlessNotFound(call.then(() => 'removed'), 'absent');
    },

    mutePublishedTrack(room, mute, options = {}) {
      const call = client.call(
        {
          route: 'RoomService/MutePublishedTrack',
          grant: { roomAdmin: true, room },
          body: { room, ...mute },
          answer: emptyMessageSchema,
          lane: 'background',
        },
        options,
      );
      return unlessNotFound(call.then(() => 'done'), 'absent');
    },

    updateParticipant(room, change, options = {}) {
      const call = client.call(
        {
          route: 'RoomService/UpdateParticipant',
          grant: { roomAdmin: true, room },
          body: { room, ...change, ...wirePermission(change.permission) },
          answer: livekitParticipantSchema,
          lane: 'background',
        },
        options,
      );
      return unlessNotFound(call, undefined);
    },
  };
}

function wirePermission(permission: LivekitPermission | undefined): Record<string, unknown> {
  if (permission === undefined) return {};
  const canPublishSources = permission.canPublishSources.map((source) => source.toUpperCase());
  return { permission: { ...permission, canPublishSources } };
}
