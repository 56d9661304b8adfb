import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inIpRange, ipv6Prefix, parseIp, parseIpRange, plainIp } from '../../../src/kernel/ip-address.ts';

const ipv6Text = fc.ipV6();
const words = (text: string) => parseIp(text) ?? [];

describe('addresses', () => {
  it.each(['081.002.069.142', '1.2.3', '1.2.3.4:443', '256.1.1.1', 'fe80::1%eth0', '', ' 1.2.3.4', 'localhost', '1::2::3', '0x7f.1'])(
    'refuses %j, which only looks like an address',
    (text) => expect(parseIp(text)).toBeUndefined(),
  );

  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:0201', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['::192.0.2.1', '::192.0.2.1'],
  ])('writes %s as %s', (text, plain) => expect(plainIp(text)).toBe(plain));

  it('reads every spelling of one IPv6 address alike', () => {
    const expected = [0x20010db8, 0, 0, 1];
    for (const text of ['2001:db8::1', '2001:0db8:0:0:0:0:0:1', '2001:DB8:0::0:0.0.0.1']) expect(parseIp(text)).toEqual(expected);
    expect(ipv6Prefix(words('2001:db8:12:34:5::'), 48)).toBe('2001:db8:12::/48');
  });
});

describe('ranges', () => {
  it.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0/8', '2001:db8::/129', '::ffff:10.0.0.0/8', '::ffff:0.0.0.0/95', 'x/8'])(
    'refuses %s',
    (text) => expect(parseIpRange(text)).toBeUndefined(),
  );

  it('takes a mapped range of 96 bits and more for its IPv4 range', () => {
    const range = parseIpRange('::ffff:10.0.0.0/104');
    expect(range).toMatchObject({ family: 4, prefixLength: 8 });
    expect(inIpRange(words('10.9.8.7'), range!)).toBe(true);
    expect(inIpRange(words('11.9.8.7'), range!)).toBe(false);
  });

  it('agrees with Node’s own block list on every address and range', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, base, bits) => {
        const list = new BlockList();
        list.addSubnet(base, bits, 'ipv4');
        expect(inIpRange(words(address), parseIpRange(`${base}/${bits}`)!)).toBe(list.check(address, 'ipv4'));
      }),
    );
    fc.assert(
      fc.property(ipv6Text, ipv6Text, fc.integer({ min: 0, max: 128 }), (address, base, bits) => {
        fc.pre(!plainIp(address)!.includes('.') && !plainIp(base)!.includes('.'));
        const list = new BlockList();
        list.addSubnet(base, bits, 'ipv6');
        expect(inIpRange(words(address), parseIpRange(`${base}/${bits}`)!)).toBe(list.check(address, 'ipv6'));
      }),
    );
  });
});
