import { PlainRefusal, type TokenClaims, type VideoGrant } from './access-token.ts';
import type { Entrant } from './client-operations.ts';
import type { RegionState } from './region-state.ts';
import type { SimulatedPermission } from './simulated-room.ts';

/** LiveKit's default limit for identities and room names. */
const MAX_LENGTH = 256;

/**
 * The gate in front of a join, `GET /rtc/validate`: who may try to enter which room.
 * @returns the room's name
 * @throws PlainRefusal with LiveKit's status and words
 */
export function validateJoin(state: RegionState, claims: TokenClaims | undefined): string {
  if (claims?.video === undefined) throw new PlainRefusal(401, 'no permissions to access the room');
  if (!claims.video.roomJoin) throw new PlainRefusal(401, 'permissions denied');
  if (claims.sub === '') throw new PlainRefusal(400, 'identity cannot be empty');
  if (claims.sub.length > MAX_LENGTH) {
    throw new PlainRefusal(400, `participant identity length exceeds limits: max length ${MAX_LENGTH}`);
  }
  const { room } = claims.video;
  if (room === '') throw new PlainRefusal(400, 'no room name');
  if (room.length > MAX_LENGTH) {
    throw new PlainRefusal(400, `room name length exceeds limits: max length ${MAX_LENGTH}`);
  }
  // `room.auto_create: false`: only what is in the region's Redis can be entered.
  if (!state.stored.has(room)) throw new PlainRefusal(404, 'requested room does not exist');
  return room;
}

/** The participant that a valid join token describes. */
export function entrantOf(claims: TokenClaims): Entrant {
  const { sub, name, kind, metadata, attributes, video } = claims;
  const permission = permissionOf(video);
  return { identity: sub, name, kind: kind.toUpperCase(), metadata, attributes, permission };
}

/** What a grant leaves unsaid is allowed, but for changing one's own metadata; data goes by publishing. */
function permissionOf(grant: VideoGrant | undefined): SimulatedPermission {
  const canPublish = grant?.canPublish ?? true;
  return {
    canSubscribe: grant?.canSubscribe ?? true,
    canPublish,
    canPublishData: grant?.canPublishData ?? canPublish,
    canPublishSources: (grant?.canPublishSources ?? []).map((source) => source.toUpperCase()),
    hidden: grant?.hidden ?? false,
    recorder: grant?.recorder ?? false,
    canUpdateMetadata: grant?.canUpdateOwnMetadata ?? false,
    agent: grant?.agent ?? false,
  };
}
