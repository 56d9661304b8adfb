import { type KeyObject, createHmac, createSecretKey } from 'node:crypto';
import type { Secret } from '../../kernel/secret.ts';
import type { LivekitAdminGrant } from './twirp-client.ts';

/** A key pair of one region. Keys of one region are never valid in another: the key is the token's audience. */
export interface SigningKey {
  readonly key: string;
  readonly secret: Secret;
}

/** Where a participant may publish from, in LiveKit's names. */
export type PublishSource = 'camera' | 'microphone' | 'screen_share' | 'screen_share_audio';

/** What a join token allows; every permission is said, since LiveKit takes a missing one as given. */
export interface JoinGrant {
  readonly room: string;
  readonly canPublish: boolean;
  readonly canSubscribe: boolean;
  readonly canPublishData: boolean;
  /** Empty: all sources. */
  readonly canPublishSources: readonly PublishSource[];
  readonly canUpdateOwnMetadata: boolean;
  readonly hidden: boolean;
}

export interface JoinToken {
  readonly identity: string;
  readonly name: string;
  readonly metadata: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly kind: 'standard' | 'agent';
  readonly grant: JoinGrant;
  readonly ttlSeconds: number;
  readonly nowMs: number;
}

/** LiveKit allows a minute of clock difference, other readers of the token less. */
const NOT_BEFORE_LEEWAY_SECONDS = 10;
/** Admin tokens serve one call. */
const ADMIN_TTL_SECONDS = 60;
const HEADER = `${base64url({ alg: 'HS256', typ: 'JWT' })}.`;

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Keys made ready once: to make one anew for each token is a fifth of its cost. */
const keyObjects = new WeakMap<Secret, KeyObject>();

function keyObjectOf(secret: Secret): KeyObject {
  const known = keyObjects.get(secret);
  if (known) return known;
  const made = createSecretKey(secret.reveal(), 'utf8');
  keyObjects.set(secret, made);
  return made;
}

/** The one place where a token is signed: HS256 over the claims, as LiveKit reads it. */
function sign({ secret }: SigningKey, claims: Readonly<Record<string, unknown>>): string {
  const signed = HEADER + base64url(claims);
  return `${signed}.${createHmac('sha256', keyObjectOf(secret)).update(signed).digest('base64url')}`;
}

/**
 * Signs what a client enters a room with. It names one room and one identity and carries no administrative grant.
 * @throws RangeError when room or identity is empty, which LiveKit would read as "any".
 */
export function signJoinToken(key: SigningKey, token: JoinToken): string {
  const { identity, name, metadata, attributes, kind, grant, ttlSeconds, nowMs } = token;
  if (grant.room === '' || identity === '') throw new RangeError('a join token names a room and an identity');
  const nowSeconds = Math.floor(nowMs / 1000);
  const { room, canPublish, canSubscribe, canPublishData, canPublishSources, canUpdateOwnMetadata, hidden } = grant;
  const isAgent = kind === 'agent';
  // What is undefined is left out of the token.
  return sign(key, {
    iss: key.key,
    sub: identity,
    name,
    nbf: nowSeconds - NOT_BEFORE_LEEWAY_SECONDS,
    exp: nowSeconds + ttlSeconds,
    video: {
      roomJoin: true,
      room,
      canPublish,
      canSubscribe,
      canPublishData,
      canUpdateOwnMetadata,
      canPublishSources: canPublishSources.length > 0 ? canPublishSources : undefined,
      hidden: hidden ? true : undefined,
      agent: isAgent ? true : undefined,
    },
    kind: isAgent ? kind : undefined,
    metadata: metadata === '' ? undefined : metadata,
    attributes,
  });
}

/** Signs the credential of one of our own calls to a region's LiveKit. */
export function signAdminToken(key: SigningKey, grant: LivekitAdminGrant, nowMs: number): string {
  const nowSeconds = Math.floor(nowMs / 1000);
  return sign(key, { iss: key.key, nbf: nowSeconds - NOT_BEFORE_LEEWAY_SECONDS, exp: nowSeconds + ADMIN_TTL_SECONDS, video: grant });
}
