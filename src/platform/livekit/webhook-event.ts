import { z } from 'zod';
import {
  livekitParticipantSchema,
  livekitTrackSchema,
  timeOf,
  type LivekitParticipant,
  type LivekitTrack,
  type ParticipantKind,
} from './livekit-message.ts';
import { redactJson, type Json } from './webhook-redaction.ts';

/** Who an event is about. `kind` is undefined where LiveKit does not say it: `track_*` events carry sid and identity only. */
export interface WebhookParticipant {
  readonly sid: string;
  readonly identity: string;
  readonly name: string;
  readonly kind: ParticipantKind | undefined;
  readonly joinedAt: Date | undefined;
  readonly disconnectReason: string;
  readonly permission: LivekitParticipant['permission'];
  readonly attributes: Readonly<Record<string, string>>;
}

/** The parts of a LiveKit webhook that we use. Counts inside webhooks are stale and left out on purpose. */
export interface WebhookEvent {
  /** LiveKit's id (`EV_…`), the same in each retry. */
  readonly id: string;
  /** LiveKit's name of the event, for example `room_finished`; names we do not know are kept. */
  readonly type: string;
  readonly createdAt: Date | undefined;
  readonly room: { readonly sid: string; readonly name: string } | undefined;
  readonly participant: WebhookParticipant | undefined;
  readonly track: LivekitTrack | undefined;
  /** LiveKit's egress record without any secret. */
  readonly egressInfo: Json | undefined;
}

/** LiveKit's ids have 15 characters; the bound keeps a unique index small. */
const MAX_ID_LENGTH = 128;
const idText = z.string().min(1).max(MAX_ID_LENGTH).regex(/^[\x21-\x7e]+$/);
const int64 = z.union([z.number(), z.string().regex(/^\d{1,20}$/)]).transform(Number);

const eventSchema = z.object({
  id: idText,
  event: idText,
  createdAt: int64.nullish(),
  room: z.object({ sid: z.string().default(''), name: z.string().default('') }).nullish(),
  participant: livekitParticipantSchema.nullish(),
  track: livekitTrackSchema.nullish(),
  egressInfo: z.record(z.string(), z.unknown()).nullish(),
});

/** Reads the body of a verified delivery. Undefined when it is no event; never throws. */
export function parseWebhookEvent(body: Buffer): WebhookEvent | undefined {
  const json = parseStrictJson(body);
  if (json === undefined) return undefined;
  // Read from the redacted copy: names and ids are then fit for Postgres as well.
  const read = eventSchema.safeParse(redactJson(json));
  if (!read.success) return undefined;
  const { id, event, createdAt, room, participant, track, egressInfo } = read.data;
  return {
    id,
    type: event,
    createdAt: timeOf(0, createdAt ?? 0),
    room: room ?? undefined,
    participant: participant ? toParticipant(participant, event) : undefined,
    track: track ?? undefined,
    egressInfo: (egressInfo as Json | null | undefined) ?? undefined,
  };
}

/** The body for storage: JSON without secrets, or undefined when the bytes are no JSON object. Never throws. */
export function redactWebhookBody(body: Buffer): Json | undefined {
  const json = parseStrictJson(body);
  return json === undefined ? undefined : redactJson(json);
}

function toParticipant(participant: LivekitParticipant, type: string): WebhookParticipant {
  const { sid, identity, name, kind, joinedAt, disconnectReason, permission, attributes } = participant;
  const kindIsSaid = !type.startsWith('track_');
  return {
    sid,
    identity,
    name,
    kind: kindIsSaid ? kind : undefined,
    joinedAt,
    disconnectReason,
    permission,
    attributes,
  };
}

/** Bytes that are not UTF-8 are refused: decoded loosely, two different names would become one. */
function parseStrictJson(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
