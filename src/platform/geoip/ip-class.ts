import ipaddr from 'ipaddr.js';
import { formatIpv4, mappedIpv4, parseIp, type IpWords } from '../../kernel/ip-address.ts';

/** An address after every disguise is taken off, ready for a look-up. */
export interface IpClass {
  readonly kind: 'public' | 'private' | 'special' | 'invalid';
  readonly family: 4 | 6;
  /** The text to look up. */
  readonly address: string;
  readonly words: IpWords;
}

const INVALID: IpClass = { kind: 'invalid', family: 4, address: '', words: [] };

/** Ranges that belong to somebody's own network. All other named ranges of the registry belong to nobody. */
const PRIVATE_RANGES = new Set(['private', 'uniqueLocal', 'loopback', 'linkLocal', 'carrierGradeNat', 'deprecatedSiteLocal']);

/**
 * Reads an address the way the Internet routes it: an IPv4 address inside IPv6 (mapped, translated, NAT64, 6to4,
 * Teredo) counts as that IPv4 address, since this is where the client is. Never throws.
 */
export function classifyIp(text: string): IpClass {
  const words = parseIp(text);
  if (words === undefined) return INVALID;
  if (words.length === 1) return classify(text, words, 4);
  const inner = innerIpv4(words);
  return inner === undefined ? classify(text, words, 6) : classify(formatIpv4(inner), [inner], 4);
}

/** First octets of all IPv4 ranges that are not plain unicast: only there the slower look at the registry is needed. */
const SPECIAL_OCTETS = new Set([0, 10, 100, 127, 169, 172, 192, 198, 203]);
const FIRST_MULTICAST_OCTET = 224;

function isPlainIpv4(word: number): boolean {
  const octet = word >>> 24;
  return octet < FIRST_MULTICAST_OCTET && !SPECIAL_OCTETS.has(octet);
}

function classify(address: string, words: IpWords, family: 4 | 6): IpClass {
  if (family === 4 && isPlainIpv4(words[0] ?? 0)) return { kind: 'public', family, address, words };
  const range = ipaddr.parse(address).range();
  if (range === 'unicast') return { kind: 'public', family, address, words };
  return { kind: PRIVATE_RANGES.has(range) ? 'private' : 'special', family, address, words };
}

/** `2002::/16`, RFC 3056: the IPv4 address is in bits 16 … 47. */
const SIX_TO_FOUR = 0x2002;
/** `2001::/32`, RFC 4380: the client's IPv4 address is the last 32 bits, inverted. */
const TEREDO = 0x20010000;
/** `64:ff9b::/96`, RFC 6052: NAT64 with the well-known prefix. */
const NAT64 = 0x0064ff9b;
/** `::ffff:0:0:0/96`, RFC 6145: IPv4-translated; this is its third word. */
const TRANSLATED = 0xffff0000;

function innerIpv4(words: IpWords): number | undefined {
  const [a = 0, b = 0, c = 0, d = 0] = words;
  if (a >>> 16 === SIX_TO_FOUR) return ((a << 16) | (b >>> 16)) >>> 0;
  if (a === TEREDO) return ~d >>> 0;
  if (a === NAT64 && b === 0 && c === 0) return d;
  if (a === 0 && b === 0 && c === TRANSLATED) return d;
  return mappedIpv4(words);
}
