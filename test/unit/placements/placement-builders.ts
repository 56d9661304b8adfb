import { decidePlacement } from '../../../src/placements/placement-decision.ts';
import { CHOOSING_RULES, type PlacementOutcome, type PlacementPolicy, type PlacementRegion, type PlacementRequest } from '../../../src/placements/placement.ts';

const PLACES = {
  'eu-fra': { latitude: 50.11, longitude: 8.68, jurisdiction: 'EU' },
  'eu-par': { latitude: 48.86, longitude: 2.35, jurisdiction: 'EU' },
  'us-iad': { latitude: 39.04, longitude: -77.49, jurisdiction: 'US' },
  'ap-tyo': { latitude: 35.68, longitude: 139.77, jurisdiction: 'JP' },
} as const;

export type PlaceId = keyof typeof PLACES;

export const BERLIN = { country: 'DE', latitude: 52.52, longitude: 13.4, accuracyKm: 100 } as const;
export const NEW_YORK = { country: 'US', latitude: 40.71, longitude: -74.01, accuracyKm: 100 } as const;
export const LUXEMBOURG = { country: 'LU', latitude: 49.61, longitude: 6.13, accuracyKm: 100 } as const;
export const NOWHERE = { country: null, latitude: null, longitude: null, accuracyKm: null } as const;

/** A healthy, empty region at one of four well-known places. */
export function aRegion(id: PlaceId, over: Partial<PlacementRegion> = {}): PlacementRegion {
  return {
    id,
    ...PLACES[id],
    hasStorage: true,
    adminState: 'enabled',
    health: 'healthy',
    proven: true,
    loadLimit: 0.9,
    roomShare: 0.01,
    countries: [],
    hostnames: [],
    ...over,
  };
}

export function aPolicy(over: Partial<PlacementPolicy> = {}): PlacementPolicy {
  return {
    ruleOrder: CHOOSING_RULES,
    pin: null,
    clientChoice: false,
    residency: [],
    tenantRegions: {},
    mustRecord: null,
    maxParticipants: null,
    defaultRegion: 'eu-fra',
    ...over,
  };
}

function aRequest(over: Partial<PlacementRequest> = {}): PlacementRequest {
  return {
    client: BERLIN,
    networkPrefix: null,
    clientChoice: null,
    dnsHint: null,
    latencies: [],
    avoidRegions: [],
    recentPlacements: new Map(),
    seed: 'room_1',
    ...over,
  };
}

export interface Situation {
  readonly regions?: readonly PlacementRegion[];
  readonly policy?: Partial<PlacementPolicy>;
  readonly request?: Partial<PlacementRequest>;
}

export const NOW = new Date('2026-03-01T12:00:00Z');

/** Decides among eu-fra, us-iad and ap-tyo, unless the situation brings its own regions. */
export function decide(situation: Situation = {}): PlacementOutcome {
  const regions = situation.regions ?? [aRegion('eu-fra'), aRegion('us-iad'), aRegion('ap-tyo')];
  return decidePlacement(aRequest(situation.request), aPolicy(situation.policy), regions, NOW);
}

/** `region: CODE,CODE` for each candidate, `!` before the ineligible: short enough for a table. */
export function summary(outcome: PlacementOutcome): readonly string[] {
  return outcome.candidates.map(({ region, eligible, reasons }) =>
    `${eligible ? '' : '!'}${region}${reasons.length > 0 ? `: ${reasons.join(',')}` : ''}`,
  );
}
