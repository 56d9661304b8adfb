import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../kernel/secret.ts';

/** One key of a region. `sign` and `verify` are accepted on what comes in, `retired` never. */
export interface WebhookKey {
  readonly key: string;
  readonly secret: Secret;
  readonly use: 'sign' | 'verify' | 'retired';
}

export interface WebhookDelivery {
  /** The header as received, or undefined when it is absent or was sent more than once. */
  readonly authorization: string | undefined;
  /** The bytes as received; a parsed and rewritten body does not verify. */
  readonly body: Buffer;
  /** The keys of the region that the delivery's path names, and no other's. */
  readonly keys: readonly WebhookKey[];
  readonly nowMs: number;
}

export type WebhookRefusal =
  | 'missing'
  | 'not-a-token'
  | 'algorithm'
  | 'unknown-key'
  | 'signature'
  | 'no-expiry'
  | 'expired'
  | 'not-yet-valid'
  | 'no-body-digest'
  | 'body-digest';

export interface WebhookClaims {
  /** The key that signed. */
  readonly key: string;
  readonly expiresAtMs: number;
  /** When LiveKit first tried: it signs once for all attempts. Undefined when the token does not say. */
  readonly signedAtMs: number | undefined;
}

export type WebhookVerdict =
  | { readonly ok: true; readonly claims: WebhookClaims }
  | { readonly ok: false; readonly reason: WebhookRefusal };

/** What LiveKit itself allows between two clocks. */
const LEEWAY_MS = 60_000;
/** LiveKit's webhook tokens are about 300 characters. */
const MAX_TOKEN_LENGTH = 4_096;
const TOKEN = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/**
 * Whether a delivery comes from the region: a token in LiveKit's form (no `Bearer`), HS256 and nothing else, signed
 * by a key of that region that is not retired, in force, and carrying the digest of exactly these bytes.
 * Secrets and digests are compared in constant time. Pure; never throws, whatever the bytes.
 */
export function verifyWebhook(delivery: WebhookDelivery): WebhookVerdict {
  const { authorization, nowMs } = delivery;
  if (authorization === undefined || authorization === '') return refused('missing');
  const token = readToken(authorization);
  if (token === undefined) return refused('not-a-token');
  if (token.header['alg'] !== 'HS256' || 'crit' in token.header) return refused('algorithm');

  const issuer = token.payload['iss'];
  const keys = delivery.keys.filter((key) => key.use !== 'retired' && key.key === issuer);
  if (keys.length === 0 || typeof issuer !== 'string') return refused('unknown-key');
  if (!keys.some((key) => signedBy(key, token))) return refused('signature');

  const expiresAtMs = secondsAsMs(token.payload['exp']);
  if (expiresAtMs === undefined) return refused('no-expiry');
  if (nowMs > expiresAtMs + LEEWAY_MS) return refused('expired');
  const notBefore = token.payload['nbf'];
  const notBeforeMs = notBefore === undefined ? 0 : secondsAsMs(notBefore);
  if (notBeforeMs === undefined || nowMs < notBeforeMs - LEEWAY_MS) return refused('not-yet-valid');

  // A join token is signed with the same key; it has no digest, so it opens nothing here.
  const digest = token.payload['sha256'];
  if (typeof digest !== 'string' || digest === '') return refused('no-body-digest');
  if (!isDigestOf(digest, delivery.body)) return refused('body-digest');
  return { ok: true, claims: { key: issuer, expiresAtMs, signedAtMs: secondsAsMs(notBefore) } };
}

interface Token {
  readonly signedText: string;
  readonly signature: Buffer;
  readonly header: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
}

function readToken(text: string): Token | undefined {
  const parts = text.length > MAX_TOKEN_LENGTH ? null : TOKEN.exec(text);
  if (parts === null) return undefined;
  const [, head = '', claims = '', sign = ''] = parts;
  const header = readPart(head);
  const payload = readPart(claims);
  const signature = Buffer.from(sign, 'base64url');
  // The last character of a base64url text has spare bits: only one spelling of a signature is taken.
  const canonical = signature.toString('base64url') === sign;
  if (header === undefined || payload === undefined || !canonical) return undefined;
  return { signedText: `${head}.${claims}`, signature, header, payload };
}

function readPart(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function signedBy(key: WebhookKey, token: Token): boolean {
  const expected = createHmac('sha256', key.secret.reveal()).update(token.signedText).digest();
  return token.signature.length === expected.length && timingSafeEqual(token.signature, expected);
}

function isDigestOf(digest: string, body: Buffer): boolean {
  // Compared as text, so that only standard base64 with its padding is taken: that is what LiveKit writes.
  const expected = Buffer.from(createHash('sha256').update(body).digest('base64'));
  const claimed = Buffer.from(digest);
  return claimed.length === expected.length && timingSafeEqual(claimed, expected);
}

function secondsAsMs(seconds: unknown): number | undefined {
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

function refused(reason: WebhookRefusal): WebhookVerdict {
  return { ok: false, reason };
}
