import { isIP } from 'node:net';

/** An IPv4 address is one word of 32 bits, an IPv6 address four; words are unsigned. */
export type IpWords = readonly number[];

/** A CIDR range in the form that is quick to compare: the words of its first address and of its mask. */
export interface IpRange {
  readonly text: string;
  readonly family: 4 | 6;
  readonly prefixLength: number;
  readonly first: IpWords;
  readonly mask: IpWords;
}

const FAMILY_BITS = { 4: 32, 6: 128 } as const;
/** RFC 4291 section 2.5.5.2: the first 96 bits of an IPv4 address written as IPv6 (`::ffff:192.0.2.1`). */
const MAPPED_BITS = 96;
const MAPPED_WORD = 0xffff;

/** The words of an address, or undefined when `text` is anything but a plain IPv4 or IPv6 address (no port, no zone). */
export function parseIp(text: string): IpWords | undefined {
  switch (isIP(text)) {
    case 4:
      return [ipv4Word(text)];
    case 6:
      return text.includes('%') ? undefined : ipv6Words(text);
    default:
      return undefined;
  }
}

const DOT = '.'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);

function ipv4Word(text: string): number {
  let word = 0;
  let octet = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      word = word * 256 + octet;
      octet = 0;
    } else octet = octet * 10 + (code - ZERO);
  }
  return word * 256 + octet;
}

function ipv6Words(text: string): IpWords {
  const [head = '', tail] = withoutDottedTail(text).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const values = groups.map((group) => Number.parseInt(group, 16));
  return [0, 2, 4, 6].map((at) => ((values[at] ?? 0) * 65_536 + (values[at + 1] ?? 0)) >>> 0);
}

/** Rewrites `::ffff:192.0.2.1` as `::ffff:c000:201`. */
function withoutDottedTail(text: string): string {
  if (!text.includes('.')) return text;
  const start = text.lastIndexOf(':') + 1;
  const word = ipv4Word(text.slice(start));
  return `${text.slice(0, start)}${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`;
}

/** The IPv4 word inside an IPv4-mapped IPv6 address; undefined for every other address. */
export function mappedIpv4(words: IpWords): number | undefined {
  const [a, b, c, d] = words;
  return words.length === 4 && a === 0 && b === 0 && c === MAPPED_WORD ? d : undefined;
}

/** `192.0.2.1` of a 32-bit word. */
export function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/**
 * The one spelling that the rest of the program uses: IPv4 where the address is an IPv4 address in disguise, IPv6 in
 * lower case otherwise. Undefined when it is no address.
 */
export function plainIp(text: string): string | undefined {
  const family = isIP(text);
  if (family === 4) return text;
  const words = family === 6 ? parseIp(text) : undefined;
  if (words === undefined) return undefined;
  const inner = mappedIpv4(words);
  return inner === undefined ? text.toLowerCase() : formatIpv4(inner);
}

/** `2001:db8:1:2::/64`-like text of the first `bits` bits (a multiple of 16, at most 64) of an IPv6 address. */
export function ipv6Prefix(words: IpWords, bits: 16 | 32 | 48 | 64): string {
  const groups = [0, 1].flatMap((at) => [(words[at] ?? 0) >>> 16, (words[at] ?? 0) & 0xffff]);
  const kept = groups.slice(0, bits / 16).map((group) => group.toString(16));
  return `${kept.join(':')}::/${bits}`;
}

/**
 * Reads `10.0.0.0/8` or `2001:db8::/32`; a bare address is a range of one. A range of mapped addresses
 * (`::ffff:10.0.0.0/104`) becomes its IPv4 range. Undefined when unreadable, and for a mapped base with a prefix
 * under 96: `::ffff:10.0.0.0/8` reads as "ten dot something" and means every IPv4 address there is (CVE-2026-90711).
 */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/');
  const words = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (words === undefined) return undefined;
  const family = words.length === 1 ? 4 : 6;
  const prefixLength = slash < 0 ? FAMILY_BITS[family] : prefixOf(text.slice(slash + 1));
  if (prefixLength === undefined || prefixLength > FAMILY_BITS[family]) return undefined;
  const inner = mappedIpv4(words);
  if (inner === undefined) return rangeOf(text, family, words, prefixLength);
  return prefixLength < MAPPED_BITS ? undefined : rangeOf(text, 4, [inner], prefixLength - MAPPED_BITS);
}

function prefixOf(digits: string): number | undefined {
  return /^\d{1,3}$/.test(digits) ? Number(digits) : undefined;
}

function rangeOf(text: string, family: 4 | 6, words: IpWords, prefixLength: number): IpRange {
  const mask = words.map((_, at) => maskWord(prefixLength - at * 32));
  const first = words.map((word, at) => (word & (mask[at] ?? 0)) >>> 0);
  return { text, family, prefixLength, first, mask };
}

function maskWord(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? 0xffffffff : (0xffffffff << (32 - bits)) >>> 0;
}

/** Whether the address lies in the range; never true across families. */
export function inIpRange(words: IpWords, range: IpRange): boolean {
  if (words.length !== range.first.length) return false;
  for (let at = 0; at < words.length; at += 1) {
    if (((words[at] ?? 0) & (range.mask[at] ?? 0)) >>> 0 !== range.first[at]) return false;
  }
  return true;
}
