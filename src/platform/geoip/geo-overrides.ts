import { parse } from 'yaml';
import { inIpRange, parseIpRange, type IpRange } from '../../kernel/ip-address.ts';
import { isCountryCode, placeOfCountry, type GeoPlace } from './geo-place.ts';
import type { IpClass } from './ip-class.ts';

/** The operator's own word about a range; it wins over every file, in private ranges too. */
export interface GeoOverride {
  readonly range: IpRange;
  readonly place: GeoPlace;
}

/** Somebody who knows the coordinates knows them to a town. */
const OVERRIDE_ACCURACY_KM = 25;
const KEYS = new Set(['cidr', 'country', 'latitude', 'longitude', 'accuracyKm']);

/**
 * Reads a YAML list of `{cidr, country?, latitude?, longitude?, accuracyKm?}`; longer prefixes go first.
 * @throws RangeError naming the first entry that cannot be read, so that a half-read list is never in force.
 */
export function readOverrides(yaml: string): readonly GeoOverride[] {
  const entries: unknown = parse(yaml) ?? [];
  if (!Array.isArray(entries)) throw new RangeError('the overrides must be a list of {cidr, country, latitude, longitude}');
  return entries
    .map((entry: unknown, at) => readEntry(entry, at + 1))
    .sort((a, b) => b.range.prefixLength - a.range.prefixLength);
}

function readEntry(entry: unknown, number: number): GeoOverride {
  const fields = typeof entry === 'object' && entry !== null ? (entry as Readonly<Record<string, unknown>>) : {};
  const stranger = Object.keys(fields).find((key) => !KEYS.has(key));
  if (stranger !== undefined) throw wrong(number, `has ${stranger}, which means nothing here`);
  const range = typeof fields['cidr'] === 'string' ? parseIpRange(fields['cidr']) : undefined;
  if (range === undefined) throw wrong(number, 'needs a cidr such as 10.20.0.0/16');
  return { range, place: readPlace(fields, number) };
}

function readPlace(fields: Readonly<Record<string, unknown>>, number: number): GeoPlace {
  const { country, latitude, longitude, accuracyKm } = fields;
  if (country !== undefined && !isCountryCode(country)) throw wrong(number, 'has a country that is not two capital letters');
  if (latitude === undefined && longitude === undefined) {
    if (country === undefined) throw wrong(number, 'names neither a country nor a place');
    return placeOfCountry(country);
  }
  if (!within(latitude, 90) || !within(longitude, 180)) throw wrong(number, 'has a latitude or longitude out of range');
  if (accuracyKm !== undefined && !(typeof accuracyKm === 'number' && accuracyKm >= 0)) throw wrong(number, 'has an accuracyKm that is no distance');
  return { state: 'known', country: country ?? null, latitude, longitude, accuracyKm: accuracyKm ?? OVERRIDE_ACCURACY_KM };
}

function within(value: unknown, limit: number): value is number {
  return typeof value === 'number' && Math.abs(value) <= limit;
}

function wrong(number: number, what: string): RangeError {
  return new RangeError(`GeoIP override ${number} ${what}`);
}

/** The most specific override of an address. */
export function findOverride(overrides: readonly GeoOverride[], ip: IpClass): GeoPlace | undefined {
  return overrides.find((override) => inIpRange(ip.words, override.range))?.place;
}
