import { performance } from 'node:perf_hooks';
import { decidePlacement } from '../src/placements/placement-decision.ts';
import type { PlacementPolicy, PlacementRegion } from '../src/placements/placement.ts';
import { createGeoLocator } from '../src/platform/geoip/geo-locator.ts';

// Complete placement decisions a second on one core: GeoIP look-up, all candidates with reasons, the sentence. Half of
// the decisions carry a residency rule. `cold` addresses are all different, `warm` ones come from 4,000 callers.
// Run: npx tsx bench/placement.ts   (prints one JSON line for each figure)

const SECONDS_EACH = 3;
const BATCH = 2_000;
const NOW = new Date('2026-03-01T12:00:00Z');

/** A small generator (mulberry32), so that every run decides about the same callers and regions. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

function makeRegions(count: number): readonly PlacementRegion[] {
  const random = createRandom(7);
  return Array.from({ length: count }, (_, at) => ({
    id: `region-${at}`,
    latitude: random() * 120 - 50,
    longitude: random() * 360 - 180,
    jurisdiction: ['EU', 'US', 'JP'][at % 3] ?? 'EU',
    hasStorage: true,
    adminState: at % 17 === 16 ? 'cordoned' : 'enabled',
    health: at % 13 === 12 ? 'unhealthy' : 'healthy',
    proven: true,
    load: random(),
    loadLimit: 0.9,
    roomShare: 0.001,
    countries: [],
    hostnames: [],
  }));
}

const OPEN: PlacementPolicy = {
  ruleOrder: ['pinned', 'hint', 'latency', 'geoip', 'default'],
  pin: null,
  clientChoice: false,
  residency: [],
  tenantRegions: {},
  mustRecord: null,
  maxParticipants: null,
  defaultRegion: 'region-0',
};
const RESIDENT: PlacementPolicy = { ...OPEN, residency: [{ jurisdictions: ['EU', 'JP'] }] };

function makeAddresses(count: number): readonly string[] {
  const random = createRandom(11);
  const octet = (): number => Math.floor(random() * 256);
  return Array.from({ length: count }, () => `${1 + Math.floor(random() * 222)}.${octet()}.${octet()}.${octet()}`);
}

const locator = await createGeoLocator({ files: [], staleAfterDays: 45, clock: { nowMs: Date.now }, pollMs: 0 });

/** Decisions a second over `addresses`, after a warm-up of one round. */
function measure(regions: readonly PlacementRegion[], addresses: readonly string[]): { perSecond: number; eligible: number } {
  let decided = 0;
  let eligible = 0;
  const round = (): void => {
    for (let step = 0; step < BATCH; step += 1) {
      const client = locator.locate(addresses[decided % addresses.length] ?? '');
      const outcome = decidePlacement(
        { client, networkPrefix: null, clientChoice: null, dnsHint: null, latencies: [], avoidRegions: [], recentPlacements: new Map(), seed: `room-${decided}` },
        decided % 2 === 0 ? OPEN : RESIDENT,
        regions,
        NOW,
      );
      decided += 1;
      if (outcome.winner !== null) eligible += 1;
    }
  };
  for (let warmUp = 0; warmUp < 10; warmUp += 1) round();
  const before = decided;
  const started = performance.now();
  while (performance.now() - started < SECONDS_EACH * 1000) round();
  return { perSecond: Math.round(((decided - before) * 1000) / (performance.now() - started)), eligible };
}

const goals = [
  { regions: 10, goal: 60_000 },
  { regions: 100, goal: 20_000 },
];
for (const { regions: count, goal } of goals) {
  const regions = makeRegions(count);
  for (const [addresses, size] of [['warm', 4_000], ['cold', 1_000_000]] as const) {
    const { perSecond } = measure(regions, makeAddresses(size));
    console.log(JSON.stringify({ figure: 'placement decisions a second a core', regions: count, addresses, perSecond, goal, met: perSecond >= goal }));
  }
}
const { source, bytes } = locator.status();
console.log(JSON.stringify({ figure: 'memory of the GeoIP files', source, megabytes: Math.round(bytes / 1e6) }));
locator.close();
