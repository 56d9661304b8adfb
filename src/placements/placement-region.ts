import type { Region, RegionView } from '../regions/regions-module.ts';
import type { PlacementRegion } from './placement.ts';

/** People in a meeting that nobody knows yet: what a region that counts participants is expected to get with one more room. */
const EXPECTED_PARTICIPANTS = 10;
/** Share of a region that says nothing of its size. */
const UNKNOWN_ROOM_SHARE = 0.01;

/** What a decision needs to know of a region as this replica knows it now. */
export function toPlacementRegion({ region, health }: RegionView): PlacementRegion {
  return {
    id: region.id,
    latitude: region.latitude,
    longitude: region.longitude,
    jurisdiction: region.jurisdiction,
    storageJurisdiction: region.storage?.jurisdiction,
    hasStorage: region.storage !== undefined,
    egressKinds: region.egress?.kinds,
    adminState: region.adminState,
    health: health.status,
    proven: health.proven,
    load: health.load,
    loadLimit: region.capacity.loadLimit,
    roomShare: roomShareOf(region.capacity),
    maxRoomParticipants: region.capacity.maxRoomParticipants,
    countries: region.countries,
    hostnames: region.hostnames,
  };
}

function roomShareOf({ maxRooms, maxParticipants }: Region['capacity']): number {
  const shares = [maxRooms && 1 / maxRooms, maxParticipants && EXPECTED_PARTICIPANTS / maxParticipants];
  const known = shares.filter((share) => typeof share === 'number');
  return known.length === 0 ? UNKNOWN_ROOM_SHARE : Math.min(1, Math.max(...known));
}
