import { describe, expect, it } from 'vitest';
import { placeOfCountry } from '../../../../src/platform/geoip/geo-place.ts';
import { readRecord } from '../../../../src/platform/geoip/geo-record.ts';

const LONDON = { state: 'known', country: 'GB', latitude: 51.5, longitude: -0.1 };

describe('B-21 records of either shape, and only what can be believed', () => {
  it.each<[string, unknown, object]>([
    ['flat city', { country_code: 'GB', latitude: 51.5, longitude: -0.1 }, { ...LONDON, accuracyKm: 100 }],
    ['nested city', { country: { iso_code: 'GB' }, location: { latitude: 51.5, longitude: -0.1, accuracy_radius: 20 } }, { ...LONDON, accuracyKm: 20 }],
    ['nested without a radius', { country: { iso_code: 'GB' }, location: { latitude: 51.5, longitude: -0.1 } }, { ...LONDON, accuracyKm: 100 }],
    ['a radius that is none', { country: { iso_code: 'GB' }, location: { latitude: 51.5, longitude: -0.1, accuracy_radius: 0 } }, { ...LONDON, accuracyKm: 100 }],
    ['registered country only', { registered_country: { iso_code: 'SG' } }, placeOfCountry('SG')],
    ['flat country', { country_code: 'SG' }, { state: 'known', country: 'SG', latitude: 1.3, longitude: 103.8, accuracyKm: 20 }],
    ['a place without a country', { latitude: 10, longitude: 0 }, { state: 'known', country: null, latitude: 10, longitude: 0 }],
    ['the very origin', { latitude: 0, longitude: 0 }, { state: 'known', latitude: 0, longitude: 0 }],
    ['coordinates out of range', { country_code: 'SG', latitude: 91, longitude: 0 }, placeOfCountry('SG')],
    ['coordinates that are garbage', { country_code: 'SG', latitude: 1e-62, longitude: 3e-60 }, placeOfCountry('SG')],
    ['coordinates as text', { country_code: 'SG', latitude: '1.3', longitude: '103' }, placeOfCountry('SG')],
    ['one coordinate', { country_code: 'SG', latitude: 1.3 }, placeOfCountry('SG')],
    ['not a number', { country_code: 'SG', latitude: Number.NaN, longitude: 1 }, placeOfCountry('SG')],
    ['a country that is none', { country_code: 'sgp' }, { state: 'unknown', country: null }],
    ['an ASN record', { autonomous_system_number: 15169 }, { state: 'unknown', country: null, latitude: null }],
    ['nothing', null, { state: 'unknown' }],
    ['text', 'GB', { state: 'unknown' }],
  ])('%s', (_, record, place) => expect(readRecord(record)).toMatchObject(place));

  it('a country has a middle and a radius that says how little that is', () => {
    expect(placeOfCountry('US').accuracyKm).toBeGreaterThan(1000);
    expect(placeOfCountry('ZZ')).toEqual({ state: 'known', country: 'ZZ', latitude: null, longitude: null, accuracyKm: null });
  });
});
