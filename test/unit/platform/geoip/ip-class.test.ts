import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { classifyIp } from '../../../../src/platform/geoip/ip-class.ts';

describe('B-21 what kind of address it is', () => {
  it.each([
    ['81.2.69.142', 'public', '81.2.69.142'],
    ['::ffff:81.2.69.142', 'public', '81.2.69.142'],
    ['::ffff:5102:458e', 'public', '81.2.69.142'],
    ['::ffff:0:81.2.69.142', 'public', '81.2.69.142'],
    ['2002:5102:458e::1', 'public', '81.2.69.142'],
    ['64:ff9b::81.2.69.142', 'public', '81.2.69.142'],
    ['2001:0:4136:e378:8000:63bf:aefd:ba71', 'public', '81.2.69.142'],
    ['2002:a00:1::1', 'private', '10.0.0.1'],
    ['64:ff9b::a00:1', 'private', '10.0.0.1'],
    ['::ffff:192.0.2.1', 'special', '192.0.2.1'],
    ['2a00:1450:4001::1', 'public', '2a00:1450:4001::1'],
    ['10.1.2.3', 'private', '10.1.2.3'],
    ['172.16.0.1', 'private', '172.16.0.1'],
    ['192.168.1.1', 'private', '192.168.1.1'],
    ['127.0.0.1', 'private', '127.0.0.1'],
    ['169.254.1.1', 'private', '169.254.1.1'],
    ['100.64.0.1', 'private', '100.64.0.1'],
    ['::1', 'private', '::1'],
    ['fe80::1', 'private', 'fe80::1'],
    ['fd00::1', 'private', 'fd00::1'],
    ['0.0.0.0', 'special', '0.0.0.0'],
    ['192.0.2.1', 'special', '192.0.2.1'],
    ['198.51.100.1', 'special', '198.51.100.1'],
    ['203.0.113.1', 'special', '203.0.113.1'],
    ['198.18.0.1', 'special', '198.18.0.1'],
    ['224.0.0.1', 'special', '224.0.0.1'],
    ['255.255.255.255', 'special', '255.255.255.255'],
    ['2001:db8::1', 'special', '2001:db8::1'],
    ['ff02::1', 'special', 'ff02::1'],
    ['100::1', 'special', '100::1'],
    ['::', 'special', '::'],
  ])('%s is %s, looked up as %s', (text, kind, address) => expect(classifyIp(text)).toMatchObject({ kind, address }));

  it.each(['081.002.069.142', '1.2.3', '1.2.3.4:443', 'fe80::1%eth0', '', 'example.com', '1.2.3.4 '])('%j is no address', (text) => {
    expect(classifyIp(text).kind).toBe('invalid');
  });

  it('knows every special range of IPv4 that the registry knows', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(octet, fc.tuple(octet, octet, octet), (first, rest) => {
        const text = [first, ...rest].join('.');
        expect(classifyIp(text).kind === 'public').toBe(ipaddr.parse(text).range() === 'unicast');
      }),
      { numRuns: 20_000 },
    );
    for (let first = 0; first < 256; first += 1) {
      for (let second = 0; second < 256; second += 1) {
        const text = `${first}.${second}.0.1`;
        expect(classifyIp(text).kind === 'public', text).toBe(ipaddr.parse(text).range() === 'unicast');
      }
    }
  });

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => void classifyIp(text)));
  });
});
