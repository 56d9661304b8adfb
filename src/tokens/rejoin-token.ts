import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { MasterKey } from '../platform/config/env-values.ts';

/** How a guest proves to be the one who was there before. */
export interface RejoinTokens {
  issue(guest: { readonly identity: string; readonly roomId: string }): string;
  /** The guest's identity; undefined for a token that is forged, expired, or of another room. */
  read(token: string, roomId: string): string | undefined;
}

/** Long enough to come back to a meeting of the day. */
const TTL_SECONDS = 24 * 3600;
const KEY_BYTES = 32;
const PURPOSE = 'meridian rejoin token v1';

/** Signed with a key derived from the newest master key; those of older master keys are still read. */
export function createRejoinTokens(options: { readonly masterKeys: readonly MasterKey[]; readonly nowMs: () => number }): RejoinTokens {
  const keys = options.masterKeys.map(({ key }) => derive(key.reveal()));
  const [newest] = keys;
  if (!newest) throw new RangeError('rejoin tokens need a master key');

  return {
    issue: ({ identity, roomId }) => {
      const expires = Math.floor(options.nowMs() / 1000) + TTL_SECONDS;
      const payload = `${expires}.${identity}`;
      return `${Buffer.from(payload).toString('base64url')}.${sign(newest, payload, roomId).toString('base64url')}`;
    },
    read: (token, roomId) => {
      const [encoded = '', signature = '', ...rest] = token.split('.');
      const payload = Buffer.from(encoded, 'base64url').toString();
      const given = Buffer.from(signature, 'base64url');
      const genuine = rest.length === 0 && keys.some((key) => isEqual(sign(key, payload, roomId), given));
      const [expires, identity] = split(payload);
      return genuine && Number(expires) * 1000 > options.nowMs() ? identity : undefined;
    },
  };
}

function derive(masterKey: string): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(masterKey, 'base64'), '', PURPOSE, KEY_BYTES));
}

function sign(key: Buffer, payload: string, roomId: string): Buffer {
  return createHmac('sha256', key).update(`${roomId}\n${payload}`).digest();
}

function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function split(payload: string): [string, string] {
  const dot = payload.indexOf('.');
  return [payload.slice(0, dot), payload.slice(dot + 1)];
}
