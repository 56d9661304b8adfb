import { isLivekitFailure, troubleBefore } from './livekit-failure.ts';
import {
  emptyMessageSchema,
  listSchema,
  livekitParticipantSchema,
  livekitRoomSchema,
  type LivekitParticipant,
  type LivekitPermission,
  type LivekitRoom,
} from './livekit-message.ts';
import { createTwirpClient, type CallOptions, type LivekitAdminGrant } from './twirp-client.ts';

export interface CreateRoomRequest {
  readonly name: string;
  readonly emptyTimeoutSeconds: number;
  readonly departureTimeoutSeconds: number;
  readonly maxParticipants?: number | undefined;
  readonly metadata?: string | undefined;
  readonly agents?: readonly RoomAgent[] | undefined;
}

export interface RoomAgent {
  readonly name: string;
  readonly metadata?: string | undefined;
}

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

/** One region's LiveKit, in our own words. Every method throws `LivekitFailure`, or the signal's reason on abort. */
export interface LivekitGateway {
  /** Idempotent by name. A room that exists is answered as it is: the options of a second call have no effect. */
  createRoom(room: CreateRoomRequest, options?: CallOptions): Promise<LivekitRoom>;
  /** Rooms of these names, or all. Ghosts of a crashed node are listed for ever. */
  listRooms(names?: readonly string[], options?: CallOptions): Promise<LivekitRoom[]>;
  /** `absent` also for a room that LiveKit's store has lost while people are in it. */
  deleteRoom(name: string, options?: CallOptions): Promise<'deleted' | 'absent'>;
  /** Empty for an unknown room as well. */
  listParticipants(room: string, options?: CallOptions): Promise<LivekitParticipant[]>;
  removeParticipant(
    room: string,
    identity: string,
    options?: CallOptions,
  ): Promise<'removed' | 'absent'>;
  /** For an identity that is not inside LiveKit waits 3 s and then says 503, which is thrown as `trouble`. */
  mutePublishedTrack(room: string, mute: TrackMute, options?: CallOptions): Promise<'done' | 'absent'>;
  /** The participant as asked for, or undefined when nobody of that identity is inside. */
  updateParticipant(
    room: string,
    change: ParticipantChange,
    options?: CallOptions,
  ): Promise<LivekitParticipant | undefined>;
  /**
   * Whether the node that holds the room is alive: it is asked to pass a byte to an identity that nobody has.
   * A live room answers within milliseconds, also one that an emptied Redis hides; a ghost and an absent room are
   * `silent`, which LiveKit takes 3 s to say. Any other failure is thrown: it says nothing of the room.
   */
  probeRoomNode(room: string, options?: CallOptions): Promise<'answers' | 'silent'>;
  /** Ends idle and running calls; the gateway is of no use afterwards. */
  close(): void;
}

export interface LivekitGatewayDependencies {
  /** The region's API address, http(s) or ws(s). */
  readonly apiUrl: string;
  /** Signs a short-lived admin token with the region's newest sign key. */
  readonly signAdminToken: (grant: LivekitAdminGrant) => string;
}

const LIST_MAX_BYTES = 32 * 1024 * 1024;
/** LiveKit waits 3 s for the node; the rest is for the way and a busy machine. */
const NODE_PROBE_TIMEOUT_MS = 3_000 + 1_500;
/** No identity of ours lacks the colon of `<kind>:<id>`, so nobody receives the byte. */
const NOBODY = 'nobody';
const ONE_BYTE = Buffer.from([0]).toString('base64');

const roomsSchema = listSchema('rooms', livekitRoomSchema);
const participantsSchema = listSchema('participants', livekitParticipantSchema);

/** The door to one region's LiveKit. Holds connections: close it when the region's address or keys change. */
export function createLivekitGateway(dependencies: LivekitGatewayDependencies): LivekitGateway {
  const client = createTwirpClient(dependencies);
  return { ...createRoomCalls(client), ...createParticipantCalls(client), close: () => client.close() };
}

type Client = ReturnType<typeof createTwirpClient>;
type RoomCalls = Pick<LivekitGateway, 'createRoom' | 'listRooms' | 'deleteRoom' | 'probeRoomNode'>;
type ParticipantCalls = Omit<LivekitGateway, keyof RoomCalls | 'close'>;

function createRoomCalls(client: Client): RoomCalls {
  return {
    async createRoom(room, options = {}) {
      const created = await client.call(
        {
          route: 'RoomService/CreateRoom',
          grant: { roomCreate: true },
          body: wireRoom(room),
          answer: livekitRoomSchema,
          lane: 'join',
        },
        options,
      );
      if (created.name === room.name) return created;
      throw troubleBefore('CreateRoom', 'unreadable', 'answered with a room of another name');
    },

    listRooms(names, options = {}) {
      return client.call(
        {
          route: 'RoomService/ListRooms',
          grant: { roomList: true },
          body: names === undefined ? {} : { names },
          answer: roomsSchema,
          lane: names === undefined ? 'background' : 'look',
          maxBytes: LIST_MAX_BYTES,
        },
        options,
      );
    },

    deleteRoom(name, options = {}) {
      const call = client.call(
        {
          route: 'RoomService/DeleteRoom',
          grant: { roomCreate: true },
          body: { room: name },
          answer: emptyMessageSchema,
          lane: 'background',
        },
        options,
      );
      return unlessNotFound(call.then(() => 'deleted'), 'absent');
    },

    async probeRoomNode(room, options = {}) {
      try {
        await client.call(
          {
            route: 'RoomService/SendData',
            grant: { roomAdmin: true, room },
            body: { room, data: ONE_BYTE, kind: 'LOSSY', destinationIdentities: [NOBODY] },
            answer: emptyMessageSchema,
            lane: 'node-probe',
          },
          { timeoutMs: NODE_PROBE_TIMEOUT_MS, ...options },
        );
        return 'answers';
      } catch (error) {
        if (isLivekitFailure(error) && error.status === 503 && error.code === 'unavailable') return 'silent';
        throw error;
      }
    },
  };
}

function createParticipantCalls(client: Client): ParticipantCalls {
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

async function unlessNotFound<T, const F>(call: Promise<T>, absent: F): Promise<T | F> {
  try {
    return await call;
  } catch (error) {
    if (isLivekitFailure(error, 'definite') && error.code === 'not_found') return absent;
    throw error;
  }
}

function wireRoom(room: CreateRoomRequest): Record<string, unknown> {
  return {
    name: room.name,
    emptyTimeout: room.emptyTimeoutSeconds,
    departureTimeout: room.departureTimeoutSeconds,
    maxParticipants: room.maxParticipants,
    metadata: room.metadata,
    agents: room.agents?.map(({ name, metadata }) => ({ agentName: name, metadata })),
  };
}

function wirePermission(permission: LivekitPermission | undefined): Record<string, unknown> {
  if (permission === undefined) return {};
  const canPublishSources = permission.canPublishSources.map((source) => source.toUpperCase());
  return { permission: { ...permission, canPublishSources } };
}
