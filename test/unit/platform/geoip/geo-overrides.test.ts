import { describe, expect, it } from 'vitest';
import { findOverride, readOverrides } from '../../../../src/platform/geoip/geo-overrides.ts';
import { classifyIp } from '../../../../src/platform/geoip/ip-class.ts';

const LIST = `
- {cidr: 10.0.0.0/8, country: DE}
- {cidr: 10.20.0.0/16, country: FR, latitude: 48.8, longitude: 2.3}
- {cidr: 2001:db8::/32, latitude: 35.6, longitude: 139.7, accuracyKm: 5}
`;

describe('B-21 the operator’s word about a range', () => {
  it.each([
    ['10.1.1.1', { country: 'DE', accuracyKm: 340 }],
    ['10.20.1.1', { country: 'FR', latitude: 48.8, accuracyKm: 25 }],
    ['::ffff:10.20.1.1', { country: 'FR' }],
    ['2001:db8::9', { country: null, latitude: 35.6, accuracyKm: 5 }],
  ])('%s: the longest prefix wins', (address, place) => {
    expect(findOverride(readOverrides(LIST), classifyIp(address))).toMatchObject({ state: 'known', ...place });
  });

  it('says nothing of other addresses, and an empty file of none', () => {
    expect(findOverride(readOverrides(LIST), classifyIp('11.0.0.1'))).toBeUndefined();
    expect(readOverrides('# nothing yet\n')).toEqual([]);
  });

  it.each([
    ['cidr: x', /must be a list/],
    ['- {country: DE}', /override 1 needs a cidr/],
    ['- {cidr: 10.0.0.0/99, country: DE}', /needs a cidr/],
    ['- {cidr: 10.0.0.0/8, country: DE}\n- {cidr: 11.0.0.0/8}', /override 2 names neither/],
    ['- {cidr: 10.0.0.0/8, country: Germany}', /two capital letters/],
    ['- {cidr: 10.0.0.0/8, latitude: 1}', /out of range/],
    ['- {cidr: 10.0.0.0/8, latitude: 100, longitude: 0}', /out of range/],
    ['- {cidr: 10.0.0.0/8, country: DE, city: Berlin}', /has city, which means nothing/],
    ['- {cidr: 10.0.0.0/8, latitude: 1, longitude: 1, accuracyKm: -1}', /accuracyKm/],
    ['- just text', /needs a cidr/],
  ])('refuses %j whole', (yaml, message) => expect(() => readOverrides(yaml)).toThrow(message));
});
