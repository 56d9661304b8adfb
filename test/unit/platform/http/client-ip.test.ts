import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientKey, createClientIp, networkPrefix, type TrustedPeers } from '../../../../src/platform/http/client-ip.ts';

const ranges = (...list: string[]): TrustedPeers => ({ kind: 'ranges', ranges: list });
const hops = (count: number): TrustedPeers => ({ kind: 'hops', hops: count });
const NONE: TrustedPeers = { kind: 'none' };
const LOOPBACK = ranges('127.0.0.0/8', '::1/128');

const resolve = (trusted: TrustedPeers, peer: string | undefined, header?: string) =>
  createClientIp({ trusted }).resolve(peer, header);

describe('the client’s address', () => {
  it.each<[string, TrustedPeers, string | undefined, string | undefined, string, boolean]>([
    ['no proxy is trusted by default', NONE, '198.51.100.7', '203.0.113.9', '198.51.100.7', false],
    ['a peer outside the ranges is not believed', LOOPBACK, '198.51.100.7', '203.0.113.9', '198.51.100.7', false],
    ['a trusted peer is', LOOPBACK, '127.0.0.1', '203.0.113.9', '203.0.113.9', true],
    ['also over IPv6 loopback', LOOPBACK, '::1', '203.0.113.9', '203.0.113.9', true],
    ['and as a mapped address', LOOPBACK, '::ffff:127.0.0.1', '203.0.113.9', '203.0.113.9', true],
    ['entries count from the right', LOOPBACK, '127.0.0.1', '6.6.6.6, 203.0.113.9', '203.0.113.9', true],
    ['trusted entries are passed', ranges('10.0.0.0/8'), '10.0.0.1', '6.6.6.6, 203.0.113.9, 10.0.0.2', '203.0.113.9', true],
    ['all trusted: the left-most', ranges('10.0.0.0/8'), '10.0.0.1', '10.0.0.3,10.0.0.2', '10.0.0.3', true],
    ['a trusted peer without the header is the client', LOOPBACK, '127.0.0.1', undefined, '127.0.0.1', true],
    ['one hop', hops(1), '10.0.0.1', '6.6.6.6, 203.0.113.9', '203.0.113.9', true],
    ['two hops', hops(2), '10.0.0.1', '6.6.6.6, 203.0.113.9, 10.0.0.2', '203.0.113.9', true],
    ['fewer entries than hops: the furthest', hops(3), '10.0.0.1', '203.0.113.9', '203.0.113.9', true],
    ['hops and no header: it did not come through the proxy', hops(1), '198.51.100.7', undefined, '198.51.100.7', false],
    ['a garbage entry stops the walk', LOOPBACK, '127.0.0.1', '203.0.113.9, unknown', '127.0.0.1', true],
    ['an empty entry too', LOOPBACK, '127.0.0.1', '203.0.113.9, ', '127.0.0.1', true],
    ['and leading zeros', LOOPBACK, '127.0.0.1', '203.000.113.009', '127.0.0.1', true],
    ['and a zone', LOOPBACK, '127.0.0.1', 'fe80::1%eth0', '127.0.0.1', true],
    ['garbage after a trusted entry ends at that entry', ranges('10.0.0.0/8'), '10.0.0.1', '_hidden, 10.0.0.2', '10.0.0.2', true],
    ['a port is dropped', LOOPBACK, '127.0.0.1', '203.0.113.9:61234', '203.0.113.9', true],
    ['brackets are dropped', LOOPBACK, '127.0.0.1', '[2001:db8::9]', '2001:db8::9', true],
    ['brackets with a port are', LOOPBACK, '127.0.0.1', '[2001:DB8::9]:443', '2001:db8::9', true],
    ['a mapped entry is unwrapped', LOOPBACK, '127.0.0.1', '::ffff:cb00:7109', '203.0.113.9', true],
    ['a header of commas says nothing', LOOPBACK, '127.0.0.1', ',,,', '127.0.0.1', true],
    ['a leading comma ends the walk', ranges('10.0.0.0/8'), '10.0.0.1', ',10.0.0.2', '10.0.0.2', true],
    ['the zone of a link-local peer is dropped', NONE, 'fe80::1%eth0', undefined, 'fe80::1', false],
    ['a socket that has gone has no address', LOOPBACK, undefined, '203.0.113.9', '', false],
  ])('%s', (_, trusted, peer, header, address, trustedPeer) => {
    expect(resolve(trusted, peer, header)).toEqual({ address, trustedPeer });
  });

  it('CVE-2026-90711: a mapped range cannot trust all of IPv4, and no range may trust a whole family', () => {
    for (const range of ['::ffff:10.0.0.0/8', '0.0.0.0/0', '::/0', '::ffff:0.0.0.0/96', '10.0.0.0/99', 'proxy']) {
      expect(() => createClientIp({ trusted: ranges(range) })).toThrow(RangeError);
    }
    expect(resolve(ranges('::ffff:10.0.0.0/104'), '8.8.8.8', '203.0.113.9').address).toBe('8.8.8.8');
    expect(resolve(ranges('::ffff:10.0.0.0/104'), '10.8.8.8', '203.0.113.9').address).toBe('203.0.113.9');
  });

  it('never takes an entry that the caller wrote itself, in any of four proxy layouts', () => {
    const layouts = [
      { trusted: NONE, proxies: [] },
      { trusted: hops(1), proxies: ['10.0.0.1'] },
      { trusted: hops(2), proxies: ['10.0.0.1', '192.168.0.1'] },
      { trusted: ranges('10.0.0.0/8', '192.168.0.0/16'), proxies: ['10.0.0.1', '192.168.0.1'] },
    ];
    const client = fc.ipV4().filter((ip) => !/^(10|192)\./.test(ip));
    const junk = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constantFrom('10.9.9.9', 'unknown', '', '1.2.3.4:80'));
    fc.assert(
      fc.property(fc.constantFrom(...layouts), client, fc.array(junk, { maxLength: 6 }), ({ trusted, proxies }, ip, forged) => {
        const hostile = forged.map((text) => text.replaceAll(',', ''));
        const appended = proxies.length === 0 ? [] : [ip, ...proxies.slice(1).toReversed()];
        const peer = proxies[0] ?? ip;
        expect(resolve(trusted, peer, [...hostile, ...appended].join(', ')).address).toBe(ip);
      }),
      { numRuns: 10_000 },
    );
  });

  it('reads a header of a million entries no further than it believes it', () => {
    const header = '10.0.0.2,'.repeat(1_000_000) + '10.0.0.3';
    expect(resolve(ranges('10.0.0.0/8'), '10.0.0.1', header)).toEqual({ address: '10.0.0.2', trustedPeer: true });
  });

  it('gives the same object again for a peer without the header, so that the hot path makes no garbage', () => {
    const clientIp = createClientIp({ trusted: LOOPBACK });
    expect(clientIp.resolve('198.51.100.7', undefined)).toBe(clientIp.resolve('198.51.100.7', undefined));
  });

  it('remembers a bounded number of peers and stays right beyond it', () => {
    const clientIp = createClientIp({ trusted: LOOPBACK });
    for (let at = 0; at < 5000; at += 1) clientIp.resolve(`198.51.${at >> 8}.${at & 255}`, undefined);
    expect(clientIp.resolve('198.51.0.0', undefined).address).toBe('198.51.0.0');
  });
});

describe('what is kept and counted of an address', () => {
  it.each([
    ['198.51.100.7', '198.51.100.7', '198.51.100.0/24'],
    ['::ffff:198.51.100.7', '198.51.100.7', '198.51.100.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['', '', undefined],
    ['nonsense', '', undefined],
  ])('%j is counted as %j and kept as %j', (address, key, prefix) => {
    expect(clientKey(address)).toBe(key);
    expect(networkPrefix(address)).toBe(prefix);
  });
});
