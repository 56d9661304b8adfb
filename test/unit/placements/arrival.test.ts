import { describe, expect, it } from 'vitest';
import { createArrivalReader } from '../../../src/placements/arrival.ts';
import { NO_LOCATOR } from '../../../src/platform/geoip/geo-locator.ts';
import { aRegion } from './placement-builders.ts';

const REGIONS = [aRegion('eu-fra', { hostnames: ['eu.meet.example'] })];
const arrival = (address: string, headers: Readonly<Record<string, string>> = {}) => ({ address, trustedPeer: true, header: (name: string) => headers[name] });

const reader = (storeFullAddress: boolean) => createArrivalReader({ locator: () => NO_LOCATOR, replicaRegion: 'us-iad', storeFullAddress });

describe('what a decision learns of an arrival', () => {
  it.each([
    ['198.51.100.7', false, '198.51.100.0/24'],
    ['198.51.100.7', true, '198.51.100.7/32'],
    ['2001:db8:1:2::3', false, '2001:db8:1::/48'],
    ['2001:db8:1:2::3', true, '2001:db8:1:2::3/128'],
    ['', true, null],
  ])('of %j, when the deployment keeps addresses: %s, it remembers %s', (address, keeps, prefix) => {
    expect(reader(keeps)(arrival(address), REGIONS).networkPrefix).toBe(prefix);
  });

  it('S4-04 the way in, by the headers that stand for it', () => {
    const read = reader(false);
    expect(read(arrival('', { host: 'eu.meet.example:8080' }), REGIONS).dnsHint).toEqual({ region: 'eu-fra', source: 'host' });
    expect(read(arrival('', { 'x-forwarded-host': 'eu.meet.example' }), REGIONS).dnsHint).toEqual({ region: 'eu-fra', source: 'host' });
    expect(read(arrival('', { 'x-meridian-region': 'ap-tyo' }), REGIONS).dnsHint).toEqual({ region: 'ap-tyo', source: 'edge' });
    expect(read(arrival(''), REGIONS).dnsHint).toEqual({ region: 'us-iad', source: 'replica' });
  });

  it('B-21 without GeoIP data nobody has a place, and that is no error', () => {
    expect(reader(false)(arrival('8.8.8.8'), REGIONS).client).toMatchObject({ country: null, latitude: null, state: 'unknown' });
  });
});
