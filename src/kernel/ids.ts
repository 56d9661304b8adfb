import { randomFillSync } from 'node:crypto';

/** Crockford's base32 in lower case: sorts like the bytes it encodes and holds no look-alike letters. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** 128 bits in groups of five: 26 characters, the first of which carries three bits. They are written two by two. */
const PAIRS = Array.from({ length: 1024 }, (_, value) => `${ALPHABET[value >> 5]}${ALPHABET[value & 31]}`);

const PREFIXES = {
  room: 'room',
  session: 'ses',
  decision: 'dec',
  apiKey: 'key',
  event: 'evt',
  audit: 'aud',
  grant: 'grt',
  inbound: 'inb',
  operation: 'op',
  instance: 'ins',
} as const;

export type IdKind = keyof typeof PREFIXES;
declare const brand: unique symbol;
/** A prefixed, sortable identifier of one kind: `room_01jd…`. */
export type Id<K extends IdKind> = string & { readonly [brand]: K };

export type RoomId = Id<'room'>;
export type SessionId = Id<'session'>;
export type DecisionId = Id<'decision'>;
export type ApiKeyId = Id<'apiKey'>;

// Random bytes are taken in one large draw: a draw for each id costs ten times as much on the join path.
const pool = Buffer.alloc(10 * 512);
let poolOffset = pool.length;

function nextRandom(): number {
  if (poolOffset + 10 > pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const at = poolOffset;
  poolOffset += 10;
  return at;
}

/**
 * Makes an identifier whose body is a UUIDv7 (RFC 9562) in base32, so that ids of one kind sort by the time they
 * were made. `nowMs` is the time since the epoch in milliseconds.
 */
export function makeId<K extends IdKind>(kind: K, nowMs: number = Date.now()): Id<K> {
  const at = nextRandom();
  const high = Math.floor(nowMs / 2 ** 32);
  const low = nowMs >>> 0;
  const words = [
    ((high & 0xffff) << 16) | (low >>> 16),
    ((low & 0xffff) << 16) | 0x7000 | (pool.readUInt16BE(at) & 0x0fff),
    (0x80000000 | (pool.readUInt32BE(at + 2) & 0x3fffffff)) >>> 0,
    pool.readUInt32BE(at + 6),
  ];
  return `${PREFIXES[kind]}_${base32(words)}` as Id<K>;
}

/** The 128 bits are read from the top, two leading zero bits making 130 = 13 × 10. */
function base32([a = 0, b = 0, c = 0, d = 0]: readonly number[]): string {
  const pair = (bits: number): string => PAIRS[bits & 1023] as string;
  return (
    pair(a >>> 24) + pair(a >>> 14) + pair(a >>> 4) + pair((a << 6) | (b >>> 26)) + pair(b >>> 16) + pair(b >>> 6) +
    pair((b << 4) | (c >>> 28)) + pair(c >>> 18) + pair(c >>> 8) + pair((c << 2) | (d >>> 30)) + pair(d >>> 20) + pair(d >>> 10) + pair(d)
  );
}

const BODY = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** Whether `text` has the shape of an id of this kind; says nothing of whether such a thing exists. */
export function isId<K extends IdKind>(kind: K, text: string): text is Id<K> {
  const prefix = `${PREFIXES[kind]}_`;
  return text.startsWith(prefix) && BODY.test(text.slice(prefix.length));
}

/** `^[a-z0-9][a-z0-9_-]{0,62}$`: what an operator may call a tenant or a region. */
export const OPERATOR_SLUG = /^[a-z0-9][a-z0-9_-]{0,62}$/;
/** What a room's slug looks like: a DNS label. */
export const ROOM_SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
