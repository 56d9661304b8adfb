import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ApiKeyId } from '../kernel/ids.ts';
import { makeId } from '../kernel/ids.ts';
import type { KeyActor, Scope } from '../platform/http/actor.ts';

export interface ApiKey {
  readonly id: ApiKeyId;
  /** null for an operator's key, which acts for no tenant. */
  readonly tenantId: string | null;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The public beginning of the credential, to tell keys apart. */
  readonly prefix: string;
  readonly hash: Uint8Array;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

export interface NewCredential {
  readonly id: ApiKeyId;
  /** The whole credential, shown once: `mk_<id>_<secret>`. */
  readonly credential: string;
  readonly prefix: string;
  readonly hash: Buffer;
}

/** 256 random bits: far above guessing, so that a plain digest is enough to keep. */
const SECRET_BYTES = 32;
const CREDENTIAL = /^(mk_([0-9a-hjkmnp-tv-z]{26}))_[0-9a-f]{64}$/;

export function makeCredential(): NewCredential {
  const id = makeId('apiKey');
  const prefix = `mk_${id.slice('key_'.length)}`;
  const credential = `${prefix}_${randomBytes(SECRET_BYTES).toString('hex')}`;
  return { id, credential, prefix, hash: hashOf(credential) };
}

/** The id that a credential claims to be of; undefined when it has not the form of one. */
export function keyIdOf(credential: string): ApiKeyId | undefined {
  const body = CREDENTIAL.exec(credential)?.[2];
  return body === undefined ? undefined : (`key_${body}` as ApiKeyId);
}

export function hashOf(credential: string): Buffer {
  return createHash('sha256').update(credential).digest();
}

/** Whether the credential is this key's; compared in constant time. */
export function isCredentialOf(key: Pick<ApiKey, 'hash'>, credential: string): boolean {
  return timingSafeEqual(hashOf(credential), key.hash);
}

export function isExpired(key: Pick<ApiKey, 'expiresAt'>, nowMs: number): boolean {
  return key.expiresAt !== null && key.expiresAt.getTime() <= nowMs;
}

export function actorOf(key: ApiKey): KeyActor {
  return { kind: 'api-key', keyId: key.id, tenantId: key.tenantId, scopes: new Set(key.scopes) };
}

/** Whether every scope is an operator's: only such a key may be without a tenant. */
export function isOperatorOnly(scopes: readonly Scope[]): boolean {
  return scopes.every((scope) => scope.startsWith('ops:'));
}
