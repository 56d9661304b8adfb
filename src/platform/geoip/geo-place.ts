import { COUNTRY_TABLE } from './country-table.ts';

/**
 * What is known of an address. `known`: the data says something; `unknown`: it says nothing, or nothing was asked that
 * could be answered; `private`: of an inner network; `special`: reserved, documentation, multicast and their like.
 */
export type GeoState = 'known' | 'private' | 'unknown' | 'special';

export interface GeoPlace {
  readonly state: GeoState;
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string | null;
  /** Degrees; null together with `longitude` and `accuracyKm`. */
  readonly latitude: number | null;
  readonly longitude: number | null;
  /** Radius around the place that most such clients are within, kilometres. */
  readonly accuracyKm: number | null;
}

/** A place about which nothing is known, for each state that says so. */
export const NO_PLACE: Readonly<Record<Exclude<GeoState, 'known'>, GeoPlace>> = {
  private: nowhere('private'),
  unknown: nowhere('unknown'),
  special: nowhere('special'),
};

function nowhere(state: GeoState): GeoPlace {
  return Object.freeze({ state, country: null, latitude: null, longitude: null, accuracyKm: null });
}

interface CountryMiddle {
  readonly latitude: number;
  readonly longitude: number;
  readonly radiusKm: number;
}

const MIDDLES: ReadonlyMap<string, CountryMiddle> = new Map(
  COUNTRY_TABLE.split(',').flatMap((row) => {
    const [code = '', latitude, longitude, radiusKm] = row.trim().split(' ');
    const middle = { latitude: Number(latitude), longitude: Number(longitude), radiusKm: Number(radiusKm) };
    return code === '' ? [] : [[code, middle] as const];
  }),
);

/** The place that stands for a whole country. A code without an entry has a country and no coordinates. */
export function placeOfCountry(country: string): GeoPlace {
  const middle = MIDDLES.get(country);
  return {
    state: 'known',
    country,
    latitude: middle?.latitude ?? null,
    longitude: middle?.longitude ?? null,
    accuracyKm: middle?.radiusKm ?? null,
  };
}

/** Whether text has the form of a country code. */
export function isCountryCode(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Z]{2}$/.test(text);
}
