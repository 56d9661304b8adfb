import { createHash, createHmac } from 'node:crypto';
import { request as send } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { Secret } from '../../../src/kernel/secret.ts';
import type { WebhookKey } from '../../../src/platform/livekit/livekit-webhook.ts';

export interface KeyPair {
  readonly key: string;
  readonly secret: string;
}

export const EU_SIGN: KeyPair = { key: 'APIeuSign01', secret: 'eu-sign-0123456789abcdef0123456789abcdef' };
export const EU_VERIFY: KeyPair = { key: 'APIeuVerify', secret: 'eu-verify-0123456789abcdef0123456789abcd' };
export const EU_RETIRED: KeyPair = { key: 'APIeuRetired', secret: 'eu-retired-0123456789abcdef012345678' };
export const US_SIGN: KeyPair = { key: 'APIusSign01', secret: 'us-sign-0123456789abcdef0123456789abcdef' };

const entry = ({ key, secret }: KeyPair, use: WebhookKey['use']): WebhookKey => ({ key, secret: new Secret(secret), use });

/** Two regions; the first is in the middle of a key rotation. */
export const REGIONS: Readonly<Record<string, readonly WebhookKey[]>> = {
  'eu-fra': [entry(EU_SIGN, 'sign'), entry(EU_VERIFY, 'verify'), entry(EU_RETIRED, 'retired')],
  'us-iad': [entry(US_SIGN, 'sign')],
};

let made = 0;

/** A LiveKit event as its server writes it; each call is another event. */
export function eventBody(type: string, more: Readonly<Record<string, unknown>> = {}): Buffer {
  made += 1;
  const event = {
    event: type,
    room: { sid: 'RM_aaaaaaaaaaaa', name: 'room_01.1', emptyTimeout: 300, creationTime: '1795233950', turnPassword: 'turn-secret-1' },
    id: `EV_${String(made).padStart(12, '0')}`,
    createdAt: '1795233950',
    ...more,
  };
  return Buffer.from(JSON.stringify(event));
}

export function digestOf(body: Buffer, encoding: 'base64' | 'hex' | 'base64url' = 'base64', algorithm = 'sha256'): string {
  return createHash(algorithm).update(body).digest(encoding);
}

export function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

export interface TokenParts {
  readonly header?: unknown;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly secret?: string;
  readonly hash?: string;
}

/** LiveKit's token for these bytes, by default genuine; every part of it can be replaced. */
export function tokenFor(body: Buffer, pair: KeyPair, parts: TokenParts = {}): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const claims = { iss: pair.key, nbf: nowSeconds, iat: nowSeconds, exp: nowSeconds + 300, sha256: digestOf(body), ...parts.claims };
  const text = `${part(parts.header ?? { alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  const signature = createHmac(parts.hash ?? 'sha256', parts.secret ?? pair.secret).update(text).digest('base64url');
  return `${text}.${signature}`;
}

export interface SentDelivery {
  readonly region: string;
  readonly body: Buffer;
  /** Header names and values in turn, so that one can be sent twice. */
  readonly headers: readonly string[];
}

export interface DeliveryAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Sends bytes and headers exactly as given. */
export function deliver(url: string, { region, body, headers }: SentDelivery): Promise<DeliveryAnswer> {
  return new Promise((resolve, reject) => {
    const request = send(`${url}/webhooks/livekit/${region}`, {
      method: 'POST',
      headers: [...headers, 'Host', 'meridian.test', 'Content-Length', String(body.length)],
    });
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString(), headers: response.headers }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends as LiveKit does: what could not be stored (503, on a machine that is busy) comes again, four times at most. */
export async function deliverAsLivekit(url: string, delivery: SentDelivery): Promise<DeliveryAnswer> {
  for (let tries = 0; tries < 4; tries += 1) {
    const answer = await deliver(url, delivery);
    if (answer.status !== 503) return answer;
    await setTimeout(250);
  }
  return deliver(url, delivery);
}

/** A genuine delivery of these bytes. */
export function genuine(body: Buffer, pair: KeyPair = EU_SIGN, region = 'eu-fra'): SentDelivery {
  return { region, body, headers: ['Authorization', tokenFor(body, pair), 'Content-Type', 'application/webhook+json'] };
}
