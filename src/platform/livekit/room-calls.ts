import { isLivekitFailure, troubleBefore } from './livekit-failure.ts';
import { emptyMessageSchema, type LivekitRoom, listSchema, livekitRoomSchema } from './livekit-message.ts';
import { type CallOptions, LIST_MAX_BYTES, type TwirpClient } from './twirp-client.ts';
import { unlessNotFound } from './unless-not-found.ts';

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

/** What Meridian asks of rooms. */
export interface RoomCalls {
  /** Idempotent by name. A room that exists is answered as it is: the options of a second call have no effect. */
  readonly createRoom: (room: CreateRoomRequest, options?: CallOptions) => Promise<LivekitRoom>;
  /** Rooms of these names, or all. Ghosts of a crashed node are listed for ever. */
  readonly listRooms: (names?: readonly string[], options?: CallOptions) => Promise<LivekitRoom[]>;
  /** `absent` also for a room that LiveKit's store has lost while people are in it. */
  readonly deleteRoom: (name: string, options?: CallOptions) => Promise<'deleted' | 'absent'>;
  /**
   * Whether the node that holds the room is alive: it is asked to pass a byte to an identity that nobody has.
   * A live room answers within milliseconds, also one that an emptied Redis hides; a ghost and an absent room are
   * `silent`, which LiveKit takes 3 s to say. Any other failure is thrown: it says nothing of the room.
   */
  readonly probeRoomNode: (room: string, options?: CallOptions) => Promise<'answers' | 'silent'>;
}

/** LiveKit waits 3 s for the node; the rest is for the way and a busy machine. */
const NODE_PROBE_TIMEOUT_MS = 3_000 + 1_500;
/** No identity of ours lacks the colon of `<kind>:<id>`, so nobody receives the byte. */
const NOBODY = 'nobody';
const ONE_BYTE = Buffer.from([0]).toString('base64');

const roomsSchema = listSchema('rooms', livekitRoomSchema);

/** The calls about rooms; their guarantees stand at `LivekitGateway`. */
export function createRoomCalls(client: TwirpClient): RoomCalls {
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

    probeRoomNode: (room, options = {}) => probeRoomNode(client, room, options),
  };
}

async function probeRoomNode(client: TwirpClient, room: string, options: CallOptions): Promise<'answers' | 'silent'> {
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
