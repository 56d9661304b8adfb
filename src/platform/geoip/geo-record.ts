import { isCountryCode, NO_PLACE, placeOfCountry, type GeoPlace } from './geo-place.ts';

/**
 * City-level data without a radius of its own: of 39 addresses with known places 32 were within this distance, about
 * the share that MaxMind's own radius promises.
 */
const CITY_ACCURACY_KM = 100;

/** A file's garbage shows as coordinates a hair's breadth from zero; nobody is there. */
const TINY_DEGREES = 1e-6;

/**
 * Turns a record of either shape into a place: MaxMind's nested one (`country.iso_code`, `location.latitude`) or the
 * flat one (`country_code`, `latitude`). What cannot be believed is left out; nothing believable is `unknown`.
 */
export function readRecord(record: unknown): GeoPlace {
  if (!isObject(record)) return NO_PLACE.unknown;
  const country = readCountry(record);
  const location = isObject(record['location']) ? record['location'] : record;
  const latitude = readDegrees(location['latitude'], 90);
  const longitude = readDegrees(location['longitude'], 180);
  if (latitude === undefined || longitude === undefined) {
    return country === null ? NO_PLACE.unknown : placeOfCountry(country);
  }
  return { state: 'known', country, latitude, longitude, accuracyKm: readRadius(location['accuracy_radius']) };
}

function readCountry(record: Readonly<Record<string, unknown>>): string | null {
  const flat = record['country_code'];
  if (isCountryCode(flat)) return flat;
  for (const key of ['country', 'registered_country']) {
    const nested = record[key];
    if (isObject(nested) && isCountryCode(nested['iso_code'])) return nested['iso_code'];
  }
  return null;
}

function readDegrees(value: unknown, limit: number): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value) || Math.abs(value) > limit) return undefined;
  return value !== 0 && Math.abs(value) < TINY_DEGREES ? undefined : value;
}

/** Half the earth's girth bounds a radius. */
const MAX_RADIUS_KM = 20_038;

function readRadius(value: unknown): number {
  const usable = typeof value === 'number' && value > 0 && value <= MAX_RADIUS_KM;
  return usable ? value : CITY_ACCURACY_KM;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
