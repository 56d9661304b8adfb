import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import type { RegionView } from '../../../src/regions/regions-module.ts';
import { createPlacementService, type PlacementAsk } from '../../../src/placements/placement-service.ts';
import { toPlacementRegion } from '../../../src/placements/placement-region.ts';
import { CHOOSING_RULES } from '../../../src/placements/placement.ts';
import { aPolicy, LUXEMBOURG, type PlaceId } from './placement-builders.ts';

const PLACES = { 'eu-fra': [50.11, 8.68], 'eu-par': [48.86, 2.35], 'us-iad': [39.04, -77.49], 'ap-tyo': [35.68, 139.77] } as const;

function aView(id: PlaceId, capacity: object = {}): RegionView {
  const [latitude, longitude] = PLACES[id];
  const region = {
    id, name: id, latitude, longitude, jurisdiction: 'EU',
    livekit: { publicUrl: '', apiUrl: '', keys: [] },
    storage: undefined, redisUrl: undefined, metricsUrls: [], egress: undefined, hostnames: [], countries: [], tags: [],
    capacity: { maxParticipants: undefined, maxRooms: undefined, maxRoomParticipants: undefined, nodeCores: undefined, loadLimit: 0.9, ...capacity },
    adminState: 'enabled', revision: id.length, createdAt: new Date(0), updatedAt: new Date(0),
  } as const;
  return { region, health: { status: 'healthy', reason: '', since: new Date(0), proven: true, load: undefined }, accepting: true };
}

function aService(...ids: PlaceId[]) {
  const views = ids.map((id) => aView(id));
  const metrics = createMetrics({ withProcess: false });
  const service = createPlacementService({
    regions: {
      listViews: () => views,
      snapshot: () => ({ revision: 12, regions: views.map(({ region }) => region) }),
      find: (id) => views.find(({ region }) => region.id === id)?.region,
    },
    readArrival: () => ({ client: LUXEMBOURG, networkPrefix: '198.51.100.0/24', dnsHint: null }),
    clock: { nowMs: () => 1_700_000_000_000, monotonicMs: () => 5 },
    metrics,
    ruleOrder: CHOOSING_RULES,
    defaultRegion: undefined,
  });
  return { service, metrics };
}

const ASK: PlacementAsk = { address: '198.51.100.1', trustedPeer: false, header: () => undefined, clientRegion: null, latencies: [], avoidRegion: null };
const ROOM = { id: 'room_1', policy: aPolicy() };

describe('deciding for a session', () => {
  it('B-01 gives the decision an id, the revision of the configuration and that of the winner', () => {
    const { service } = aService('us-iad', 'ap-tyo');
    expect(service.decide(ROOM, ASK, [])).toMatchObject({
      id: expect.stringMatching(/^dec_/), winner: 'us-iad', revision: 12, winnerRevision: 6, durationMicros: 0, at: new Date(1_700_000_000_000),
    });
  });

  it('S1-01 a burst of rooms on one replica is spread over equals before any load shows it', () => {
    const { service } = aService('eu-fra', 'eu-par', 'us-iad');
    const winners = Array.from({ length: 100 }, (_, at) => service.decide({ ...ROOM, id: `room_${at}` }, ASK, []).winner);
    expect(winners.filter((winner) => winner === 'eu-fra')).toHaveLength(50);
    expect(winners.filter((winner) => winner === 'eu-par')).toHaveLength(50);
  });

  it('S4-09 a region that has just failed this request is unhealthy for it; one to be avoided gives way to it', () => {
    const { service } = aService('eu-fra', 'us-iad');
    const decision = service.decide(ROOM, { ...ASK, avoidRegion: 'us-iad' }, ['eu-fra']);
    expect(decision).toMatchObject({ winner: 'us-iad', fallback: true });
    expect(decision.candidates.at(-1)).toMatchObject({ region: 'eu-fra', reasons: ['UNHEALTHY'] });
    expect(service.decide(ROOM, ASK, ['eu-fra', 'us-iad'])).toMatchObject({ winner: null, winnerRevision: 0, refusal: 'no-region' });
  });

  it('counts decisions by region and rule', async () => {
    const { service, metrics } = aService('us-iad');
    service.decide(ROOM, ASK, []);
    expect(await metrics.render()).toContain('meridian_placements_total{region="us-iad",rule="geoip"} 1');
  });
});

describe('what a region looks like to a decision', () => {
  it.each<[string, object, number]>([
    ['rooms', { maxRooms: 200 }, 0.005],
    ['participants, ten to a room', { maxParticipants: 500 }, 0.02],
    ['the scarcer of both', { maxRooms: 200, maxParticipants: 500 }, 0.02],
    ['a region smaller than one room', { maxParticipants: 5 }, 1],
    ['nothing that is known', {}, 0.01],
  ])('one more room takes its share by %s', (_, capacity, share) => {
    expect(toPlacementRegion(aView('eu-fra', capacity)).roomShare).toBe(share);
  });
});
