import { z } from 'zod';
import type { TokenClaims, VideoGrant } from './access-token.ts';
import type { createPeopleOperations } from './people-operations.ts';
import type { createRoomOperations } from './room-operations.ts';
import { apiParticipant, apiRoom, apiTrack } from './simulated-message.ts';
import { badRoute, malformedJson, permissionsDenied } from './twirp-refusal.ts';

const text = z.string().nullish().transform((value) => value ?? '');
const count = z.number().nullish().transform((value) => value ?? 0);
const texts = z.array(z.string()).nullish().transform((value) => value ?? []);
const flag = z.boolean().nullish().transform((value) => value ?? false);

const createRoomSchema = z.object({
  name: text,
  emptyTimeout: count,
  departureTimeout: count,
  maxParticipants: count,
  metadata: text,
});
const permissionSchema = z.object({
  canSubscribe: flag,
  canPublish: flag,
  canPublishData: flag,
  canPublishSources: texts,
  hidden: flag,
  recorder: flag,
  canUpdateMetadata: flag,
  agent: flag,
});
const updateSchema = z.object({
  room: text,
  identity: text,
  name: text,
  metadata: text,
  attributes: z.record(z.string(), z.string()).nullish().transform((value) => value ?? {}),
  permission: z.preprocess(camelKeys, permissionSchema).nullish().transform((value) => value ?? undefined),
});
const roomSchema = z.object({ room: text });
const personSchema = z.object({ room: text, identity: text });
const muteSchema = z.object({ room: text, identity: text, trackSid: text, muted: flag });

type Method = (body: unknown, grant: VideoGrant | undefined) => unknown;

/** The calls of `livekit.RoomService` that the double serves, by name. */
export function createTwirpService(operations: {
  readonly rooms: ReturnType<typeof createRoomOperations>;
  readonly people: ReturnType<typeof createPeopleOperations>;
}) {
  const { rooms, people } = operations;
  const methods: Readonly<Record<string, Method>> = {
    CreateRoom: (body, grant) => {
      requireGrant(grant?.roomCreate);
      const { name, emptyTimeout, departureTimeout, maxParticipants, metadata } = read(createRoomSchema, body);
      const times = { emptyTimeoutSeconds: emptyTimeout, departureTimeoutSeconds: departureTimeout };
      return apiRoom(rooms.createRoom({ name, maxParticipants, metadata, ...times }));
    },
    ListRooms: (body, grant) => {
      requireGrant(grant?.roomList);
      return { rooms: rooms.listRooms(read(z.object({ names: texts }), body).names).map(apiRoom) };
    },
    DeleteRoom: (body, grant) => {
      requireGrant(grant?.roomCreate);
      rooms.deleteRoom(read(roomSchema, body).room);
      return {};
    },
    SendData: (body, grant) => {
      rooms.sendData(adminOf(grant, read(roomSchema, body)).room);
      return {};
    },
    ListParticipants: (body, grant) => {
      const { room } = adminOf(grant, read(roomSchema, body));
      return { participants: people.listParticipants(room).map(apiParticipant) };
    },
    RemoveParticipant: (body, grant) => {
      const { room, identity } = adminOf(grant, read(personSchema, body));
      people.removeParticipant(room, identity);
      return {};
    },
    UpdateParticipant: (body, grant) => {
      const { room, identity, ...change } = adminOf(grant, read(updateSchema, body));
      return apiParticipant(people.updateParticipant(room, identity, change));
    },
    MutePublishedTrack: (body, grant) => {
      const { room, identity, trackSid, muted } = adminOf(grant, read(muteSchema, body));
      const track = people.muteTrack(room, identity, trackSid, muted);
      return { track: track === undefined ? null : apiTrack(track) };
    },
  };

  /** @throws TwirpRefusal */
  return (path: string, body: string, claims: TokenClaims | undefined): unknown => {
    const name = /^\/twirp\/livekit\.RoomService\/(\w+)$/.exec(path)?.[1] ?? '';
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (method === undefined) throw badRoute(`no handler for path "${path}"`);
    return method(parse(body), claims?.video);
  };
}

function requireGrant(granted: boolean | undefined): void {
  if (granted !== true) throw permissionsDenied();
}

function adminOf<T extends { readonly room: string }>(grant: VideoGrant | undefined, request: T): T {
  requireGrant(grant !== undefined && grant.roomAdmin && grant.room === request.room);
  return request;
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const request = schema.safeParse(camelKeys(body));
  if (!request.success) throw malformedJson();
  return request.data;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw malformedJson();
  }
}

/** Protobuf's JSON may be written in either spelling. */
function camelKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const camel = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [camel(key), member]));
}
