import { z } from 'zod';

/**
 * LiveKit's messages as JSON, decoded into our own words. The API writes `snake_case` with every field, webhooks
 * write `camelCase` without defaults, both write 64-bit numbers as strings: one reading serves both, a missing
 * field is its default, an unknown one is dropped, an unknown enum value never becomes a known one.
 */

export type ParticipantKind = 'standard' | 'ingress' | 'egress' | 'sip' | 'agent' | 'other';
export type ParticipantState = 'joining' | 'joined' | 'active' | 'disconnected' | 'unknown';
export type TrackSource = 'camera' | 'microphone' | 'screen_share' | 'screen_share_audio' | 'unknown';

const KINDS: Readonly<Record<string, ParticipantKind>> = {
  STANDARD: 'standard',
  INGRESS: 'ingress',
  EGRESS: 'egress',
  SIP: 'sip',
  AGENT: 'agent',
};

const STATES: Readonly<Record<string, ParticipantState>> = {
  JOINING: 'joining',
  JOINED: 'joined',
  ACTIVE: 'active',
  DISCONNECTED: 'disconnected',
};

const SOURCES: Readonly<Record<string, TrackSource>> = {
  CAMERA: 'camera',
  MICROPHONE: 'microphone',
  SCREEN_SHARE: 'screen_share',
  SCREEN_SHARE_AUDIO: 'screen_share_audio',
};

const text = optional(z.string(), '');
const flag = optional(z.boolean(), false);
const int64 = optional(z.union([z.number(), z.string().regex(/^-?\d{1,20}$/)]), 0).transform(Number);
const textMap = optional(z.record(z.string(), z.string()), {});

const permissionShape = message({
  canSubscribe: flag,
  canPublish: flag,
  canPublishData: flag,
  canPublishSources: optional(z.array(z.string()), []).transform((names) => names.map(sourceOf)),
  hidden: flag,
  recorder: flag,
  canUpdateMetadata: flag,
  agent: flag,
});

const trackShape = message({
  sid: text,
  name: text,
  type: text,
  source: text.transform(sourceOf),
  muted: flag,
});

/** One LiveKit room. `sid` differs for each incarnation of a name; `participants` lags by up to 5 s. */
export const livekitRoomSchema = message({
  sid: z.string().min(1),
  name: text,
  creationTime: int64,
  creationTimeMs: int64,
  emptyTimeout: int64,
  departureTimeout: int64,
  maxParticipants: int64,
  metadata: text,
  numParticipants: int64,
}).transform((room) => ({
  sid: room.sid,
  name: room.name,
  createdAt: timeOf(room.creationTimeMs, room.creationTime),
  emptyTimeoutSeconds: room.emptyTimeout,
  departureTimeoutSeconds: room.departureTimeout,
  maxParticipants: room.maxParticipants,
  metadata: room.metadata,
  participants: room.numParticipants,
}));

export type LivekitRoom = Readonly<z.output<typeof livekitRoomSchema>>;

/** One connection of one identity; `sid` is the connection's, so a rejoin shows another. */
export const livekitParticipantSchema = message({
  sid: z.string().min(1),
  identity: text,
  name: text,
  kind: enumName('STANDARD').transform((name): ParticipantKind => KINDS[name] ?? 'other'),
  state: enumName('JOINING').transform((name): ParticipantState => STATES[name] ?? 'unknown'),
  joinedAt: int64,
  joinedAtMs: int64,
  metadata: text,
  attributes: textMap,
  permission: permissionShape.nullish(),
  tracks: optional(z.array(trackShape), []),
  disconnectReason: enumName('UNKNOWN_REASON'),
}).transform(({ joinedAtMs, permission, ...participant }) => ({
  ...participant,
  joinedAt: timeOf(joinedAtMs, participant.joinedAt),
  permission: permission ?? undefined,
}));

export type LivekitParticipant = Readonly<z.output<typeof livekitParticipantSchema>>;
export type LivekitTrack = Readonly<z.output<typeof trackShape>>;
export type LivekitPermission = Readonly<z.output<typeof permissionShape>>;

export const livekitTrackSchema = trackShape;

/** An answer that has nothing to say; it must still be an object. */
export const emptyMessageSchema = z.looseObject({});

/**
 * An answer with one list in it. An object that lacks the list but has other members is some proxy's and is
 * refused: taken for an empty list it would end every meeting of the region.
 */
export function listSchema<T>(key: string, item: z.ZodType<T>): z.ZodType<T[]> {
  // A computed name is lost on TypeScript, but the schema has just read it.
  const listed = z.looseObject({ [key]: z.array(item) }).transform((answer) => answer[key] as T[]);
  const empty = z.strictObject({}).transform((): T[] => []);
  return z.union([listed, empty]);
}

/** LiveKit's time in ms or, from older servers, in s; 0 means that it has not happened. */
export function timeOf(ms: number, seconds: number): Date | undefined {
  if (ms > 0) return validDate(ms);
  return seconds > 0 ? validDate(seconds * 1000) : undefined;
}

function validDate(ms: number): Date | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function sourceOf(name: string): TrackSource {
  return SOURCES[name] ?? 'unknown';
}

/** `null` and absent alike are the default, as in protobuf. */
function optional<T extends z.ZodType>(schema: T, fallback: z.output<T>) {
  return schema.nullish().transform((value): z.output<T> => value ?? fallback);
}

/** An enum's name; a number is a value that the sender's own schema had no name for. */
function enumName(first: string) {
  return z
    .union([z.string(), z.number()])
    .nullish()
    .transform((value) => (value === null || value === undefined ? first : String(value)));
}

function message<S extends z.ZodRawShape>(shape: S) {
  return z.preprocess(camelKeys, z.object(shape));
}

function camelKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, member]): [string, unknown] => [camel(key), member]);
  return Object.fromEntries(entries);
}

function camel(key: string): string {
  return key.includes('_') ? key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : key;
}
