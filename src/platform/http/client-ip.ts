import {
  formatIpv4,
  inIpRange,
  ipv6Prefix,
  mappedIpv4,
  parseIp,
  parseIpRange,
  plainIp,
  type IpRange,
} from '../../kernel/ip-address.ts';

/** Whose forwarding headers count: nobody's, those of the nearest `hops` proxies, or those of peers in the ranges. */
export type TrustedPeers =
  | { readonly kind: 'none' }
  | { readonly kind: 'hops'; readonly hops: number }
  | { readonly kind: 'ranges'; readonly ranges: readonly string[] };

export interface ClientAddress {
  /** Plain IPv4 or IPv6 text, never with a port, brackets or a zone; empty when the socket had no address any more. */
  readonly address: string;
  /** Whether the peer is a proxy of ours, so that `X-Forwarded-Host` and `X-Meridian-Region` may be believed. */
  readonly trustedPeer: boolean;
}

export interface ClientIp {
  /** Never throws; the header's claim is believed only as far as the chain of trusted peers reaches, from the right. */
  resolve(remoteAddress: string | undefined, xForwardedFor: string | undefined): ClientAddress;
}

/** More proxies than anybody chains; a longer header is not read to its end. */
const MAX_WALK = 32;
/** Peers are few behind a proxy and many without one: the memory of peers is emptied when it has this many. */
const MAX_PEERS = 1024;

type Trust = (address: string, position: number) => boolean;

/**
 * Finds the client's address of a request.
 *
 * The chain is read from the right: the socket's peer, then the header's entries, newest first. It stops at the
 * first address that is not a trusted proxy, and at the first entry that is no address, so nothing that a caller
 * wrote itself is ever reached.
 * @throws RangeError for a range that cannot be read or that would trust a whole address family.
 */
export function createClientIp(options: { readonly trusted: TrustedPeers }): ClientIp {
  const trusts = trustOf(options.trusted);
  const readsHeader = options.trusted.kind !== 'none';
  const believesWithoutHeader = options.trusted.kind === 'ranges';
  const peers = new Map<string, ClientAddress>();

  const peerOf = (remoteAddress: string): ClientAddress => {
    const known = peers.get(remoteAddress);
    if (known !== undefined) return known;
    const address = plainIp(withoutZone(remoteAddress)) ?? '';
    const peer = Object.freeze({ address, trustedPeer: address !== '' && trusts(address, 0) });
    if (peers.size >= MAX_PEERS) peers.clear();
    peers.set(remoteAddress, peer);
    return peer;
  };

  return {
    resolve: (remoteAddress, xForwardedFor) => {
      const peer = peerOf(remoteAddress ?? '');
      if (!readsHeader || !peer.trustedPeer) return peer;
      if (xForwardedFor === undefined || xForwardedFor === '') {
        return believesWithoutHeader ? peer : direct(peer);
      }
      return { address: walk(peer.address, xForwardedFor, trusts), trustedPeer: true };
    },
  };
}

/** With a number of hops, a request without the header did not pass the proxy, so its other headers are the caller's own. */
function direct(peer: ClientAddress): ClientAddress {
  return { address: peer.address, trustedPeer: false };
}

function trustOf(trusted: TrustedPeers): Trust {
  if (trusted.kind === 'none') return () => false;
  if (trusted.kind === 'hops') return (_, position) => position < trusted.hops;
  const ranges = trusted.ranges.map(readRange);
  return (address) => {
    const words = parseIp(address);
    return words !== undefined && ranges.some((range) => inIpRange(words, range));
  };
}

function readRange(text: string): IpRange {
  const range = parseIpRange(text);
  if (range === undefined) throw new RangeError(`${text} is not a range of trusted proxies`);
  if (range.prefixLength === 0) throw new RangeError(`${text} would let every caller name its own address`);
  return range;
}

/** The left-most address that can be believed: entries are read from the right while the one before is trusted. */
function walk(peer: string, header: string, trusts: Trust): string {
  let address = peer;
  let end = header.length;
  for (let position = 0; position < MAX_WALK && end >= 0 && trusts(address, position); position += 1) {
    const comma = header.lastIndexOf(',', end - 1);
    const entry = readEntry(header.slice(comma + 1, end));
    if (entry === undefined) return address;
    address = entry;
    end = comma;
  }
  return address;
}

const BRACKETED = /^\[([^\]]*)\](?::\d{1,5})?$/;
const IPV4_WITH_PORT = /^([\d.]+):\d{1,5}$/;

/** One entry of the header: an address, alone, in brackets, or with a port, as some balancers append it. */
function readEntry(raw: string): string | undefined {
  const text = raw.trim();
  return plainIp(text) ?? plainIp(BRACKETED.exec(text)?.[1] ?? IPV4_WITH_PORT.exec(text)?.[1] ?? '');
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}

/** What limits count by: an IPv4 address, or the /64 of an IPv6 one (what one subscriber gets). */
export function clientKey(address: string): string {
  return prefixed(address, (word) => formatIpv4(word), 64);
}

/** What may be remembered of a client: its /24, or its /48. Undefined when the address is unknown. */
export function networkPrefix(address: string): string | undefined {
  return prefixed(address, (word) => `${formatIpv4((word & 0xffffff00) >>> 0)}/24`, 48) || undefined;
}

/** The whole address as a prefix: /32 or /128. Only for deployments that chose to remember it. */
export function wholeAddressPrefix(address: string): string | undefined {
  const plain = plainIp(address);
  return plain === undefined ? undefined : `${plain}/${plain.includes(':') ? 128 : 32}`;
}

function prefixed(address: string, ofIpv4: (word: number) => string, ipv6Bits: 48 | 64): string {
  const words = parseIp(address);
  if (words === undefined) return '';
  const [only] = words;
  const word = words.length === 1 ? only : mappedIpv4(words);
  return word === undefined ? ipv6Prefix(words, ipv6Bits) : ofIpv4(word);
}
