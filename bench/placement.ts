import { parseArgs } from 'node:util';
import { decidePlacement } from '../src/placements/placement-decision.ts';
import type { PlacementPolicy, PlacementRegion } from '../src/placements/placement.ts';
import { createGeoLocator } from '../src/platform/geoip/geo-locator.ts';
import { report } from './performance-page.ts';

// Complete placement decisions a second on one core: GeoIP look-up, all candidates with reasons, the sentence. Half of
// the decisions carry a residency rule. A second is one of processor time, so that others who are busy do not count.
// `cold` addresses are all different, `warm` ones come from 4,000 callers.
// Run: npm run bench:placement [-- --write]

const ROUNDS = 7;
const SECONDS_EACH = 1;
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

/** Decisions a second over `addresses` in each round, slowest first, after a warm-up. */
function measure(regions: readonly PlacementRegion[], addresses: readonly string[]): { perSecond: number[]; eligible: number } {
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
  const timed = (): number => {
    const before = decided;
    const started = process.cpuUsage();
    const spentMicros = (): number => {
      const { user, system } = process.cpuUsage(started);
      return user + system;
    };
    while (spentMicros() < SECONDS_EACH * 1e6) round();
    return Math.round(((decided - before) * 1e6) / spentMicros());
  };
  return { perSecond: Array.from({ length: ROUNDS }, timed).sort((a, b) => a - b), eligible };
}

function inWords(rounds: readonly number[]): string {
  const [slowest = 0, median = 0, fastest = 0] = [rounds[0], rounds[Math.floor(rounds.length / 2)], rounds.at(-1)];
  return `**${median.toLocaleString('en')}** (${slowest.toLocaleString('en')} to ${fastest.toLocaleString('en')} in ${rounds.length} rounds)`;
}

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const goals = [
  { regions: 10, goal: 60_000 },
  { regions: 100, goal: 20_000 },
];
const figures: Record<string, string> = {};
for (const { regions: count, goal } of goals) {
  const regions = makeRegions(count);
  for (const [callers, size] of [['4,000 callers over and over', 4_000], ['a million different callers', 1_000_000]] as const) {
    const { perSecond } = measure(regions, makeAddresses(size));
    figures[`decisions a second, ${count} regions, ${callers} (goal ≥ ${goal.toLocaleString('en')})`] = inWords(perSecond);
  }
}
const { source, bytes } = locator.status();
figures['GeoIP data in memory'] = `${source}, ${Math.round(bytes / 2 ** 20)} MB`;
locator.close();
report('placement', figures, values);
