import type { RegionEvent } from './region-event.ts';
import type { RoomView } from './room-operations.ts';
import type { SimulatedParticipant, SimulatedRoom, SimulatedTrack } from './simulated-room.ts';

type Message = Readonly<Record<string, unknown>>;

/** LiveKit's protobuf JSON, fields in full; the two dialects below are made from it. */
function roomMessage(room: SimulatedRoom, numParticipants: number): Message {
  return {
    sid: room.sid,
    name: room.name,
    emptyTimeout: room.emptyTimeoutSeconds,
    departureTimeout: room.departureTimeoutSeconds,
    maxParticipants: room.maxParticipants,
    creationTime: String(Math.floor(room.createdAtMs / 1000)),
    creationTimeMs: String(room.createdAtMs),
    turnPassword: room.turnPassword,
    enabledCodecs: [{ mime: 'audio/opus', fmtpLine: '' }, { mime: 'video/VP8', fmtpLine: '' }],
    metadata: room.metadata,
    numParticipants,
    numPublishers: 0,
    activeRecording: false,
  };
}

function participantMessage(participant: SimulatedParticipant, disconnectReason: string): Message {
  return {
    sid: participant.sid,
    identity: participant.identity,
    state: disconnectReason === '' ? 'ACTIVE' : 'DISCONNECTED',
    metadata: participant.metadata,
    joinedAt: String(Math.floor(participant.joinedAtMs / 1000)),
    joinedAtMs: String(participant.joinedAtMs),
    name: participant.name,
    version: 2,
    permission: participant.permission,
    isPublisher: participant.tracks.length > 0,
    kind: participant.kind,
    attributes: participant.attributes,
    disconnectReason: disconnectReason === '' ? 'UNKNOWN_REASON' : disconnectReason,
    tracks: participant.tracks.map(trackMessage),
  };
}

function trackMessage(track: SimulatedTrack): Message {
  return { sid: track.sid, type: track.type, name: '', muted: track.muted, source: track.source };
}

/** As RoomService answers: `snake_case`, every field. */
export function apiRoom({ room, numParticipants }: RoomView): unknown {
  return snakeKeys(roomMessage(room, numParticipants));
}

/** As RoomService answers, of one who is inside. */
export function apiParticipant(participant: SimulatedParticipant): unknown {
  return snakeKeys(participantMessage(participant, ''));
}

export function apiTrack(track: SimulatedTrack): unknown {
  return snakeKeys(trackMessage(track));
}

/** As webhooks carry it: `camelCase`, defaults left out, `track_*` with ids only, the room with its TURN password. */
export function webhookMessage(event: RegionEvent, id: string, nowMs: number): Message {
  const ids = event.type.startsWith('track_');
  const { room, participant, track } = event;
  return withoutDefaults({
    event: event.type,
    room: ids ? { sid: room.sid, name: room.name } : roomMessage(room, 0),
    participant: participant && webhookParticipant(participant, event.disconnectReason ?? '', ids),
    track: track && trackMessage(track),
    id,
    createdAt: String(Math.floor(nowMs / 1000)),
  }) as Message;
}

function webhookParticipant(participant: SimulatedParticipant, reason: string, ids: boolean): Message {
  if (ids) return { sid: participant.sid, identity: participant.identity };
  return participantMessage(participant, reason);
}

/** Enum values of number 0 are defaults as well, and are not written. */
const ZERO_NAMES: ReadonlySet<unknown> = new Set(['JOINING', 'STANDARD', 'UNKNOWN_REASON', 'AUDIO', 'UNKNOWN']);

function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, member]) => !isDefault(member));
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutDefaults(member)]));
}

function isDefault(value: unknown): boolean {
  if (value === undefined || value === '' || value === 0 || value === false) return true;
  return (Array.isArray(value) && value.length === 0) || ZERO_NAMES.has(value);
}

function snakeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      // Names inside a map are the application's own.
      key === 'attributes' ? member : snakeKeys(member),
    ]),
  );
}
