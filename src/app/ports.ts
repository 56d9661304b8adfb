import type { Clock } from '../kernel/clock.ts';
import type { Decision, PlacementsPorts, PlacementsService } from '../placements/placements-module.ts';
import { residencyAllows } from '../placements/placements-module.ts';
import type { Region, RegionsDependencies, RegionsService } from '../regions/regions-module.ts';
import { type LiveSession, type RoomPorts, type RoomsService, roomNotFound } from '../rooms/rooms-module.ts';
import type { Session, SessionPlacements, SessionRegions } from '../sessions/sessions-module.ts';
import type { TenantsService } from '../tenants/tenants-module.ts';
import type { TokenRegion } from '../tokens/tokens-module.ts';
import type { Late } from './late.ts';

/** What one module declares and another has: no rule is decided here. */

export function regionPorts(late: Late, { tenants }: TenantsService): RegionsDependencies['ports'] {
  return {
    closeSessionsOf: async (work, regionId) => {
      await late.get().sessions.abandonAll(work, regionId);
    },
    isInUse: async (db, regionId) => (await db.session.count({ where: { region: regionId, closedAt: null }, take: 1 })) > 0,
    listTenantIds: tenants.listIds,
    countOpenSessions: (regionId) => late.get().sessions.countOpenIn(regionId),
  };
}

export function roomPorts(late: Late, regions: RegionsService): RoomPorts {
  return {
    liveOf: async (roomIds) => new Map((await late.get().sessions.listOpenOf(roomIds)).filter(isLive).map((session) => [session.roomId, toLive(session)])),
    closeLiveSession: async (work, room, reason) => {
      await late.get().sessions.endIn(work, room.id, reason);
    },
    closeIfOutside: async (work, { room, effective }) => {
      const open = await late.get().sessions.findOpen(room.id);
      const region = open && regions.find(open.region);
      const allowed = region && residencyAllows(effective.residencyRules, placed(region), effective.recording.value.auto);
      if (open && !allowed) await late.get().sessions.endIn(work, room.id, 'residency');
    },
    regions: () => regions.snapshot().regions.map((region) => ({ ...placed(region), maxRoomParticipants: region.capacity.maxRoomParticipants })),
  };
}

export function placementPorts(late: Late, { findPolicy }: TenantsService): PlacementsPorts {
  return {
    findPolicy: async ({ tenantId, room, wish }) => {
      const { rooms, placementOf } = late.get().rooms;
      const found = tenantId === null || room === undefined ? undefined : (await rooms.get(tenantId, room)).room;
      const tenantPolicy = tenantId === null ? undefined : (await findPolicy(tenantId))?.policy;
      return { roomId: found?.id ?? null, policy: placementOf(tenantPolicy ?? {}, { ...found?.settings, ...wish }) };
    },
  };
}

export function sessionPlacements(placements: PlacementsService, { directory }: RoomsService): SessionPlacements {
  return {
    decide: async (roomId, ask, failed) => {
      const entry = await directory.get(roomId);
      if (entry === undefined) throw roomNotFound();
      return placements.decide({ id: roomId, policy: entry.placement }, ask, failed);
    },
    // What is stored is what `decide` gave: sessions make no decisions of their own.
    store: (db, decision, subject) => placements.storeDecision(db, decision as Decision, subject),
  };
}

interface Placed {
  readonly id: string;
  readonly jurisdiction: string;
  readonly storageJurisdiction: string | undefined;
}

function placed({ id, jurisdiction, storage }: { readonly id: string; readonly jurisdiction: string; readonly storage: { readonly jurisdiction: string } | undefined }): Placed {
  return { id, jurisdiction, storageJurisdiction: storage?.jurisdiction };
}

function isLive(session: Session): boolean {
  return session.liveAt !== null;
}

function toLive({ id, epoch, region, liveAt, openedAt, inside }: Session): LiveSession {
  return { sessionId: id, epoch, region, startedAt: liveAt ?? openedAt, participants: inside };
}

export function sessionRegions(regions: RegionsService, { nowMs }: Clock): SessionRegions {
  return {
    gatewayOf: (id) => (regions.find(id) ? regions.gatewayOf(id) : undefined),
    nameOf: (id) => regions.find(id)?.name ?? id,
    ids: () => regions.snapshot().regions.map(({ id }) => id),
    refresh: regions.refresh,
    isHealthy: (id) => {
      const status = regions.findView(id)?.health.status;
      return status === 'healthy' || status === 'degraded';
    },
    unhealthyForMs: (id) => {
      const since = regions.unhealthySince(id);
      return since ? nowMs() - since.getTime() : 0;
    },
    // What the region refused for good, and what never left our own queue, says nothing about its health.
    noteFailure: (id, { kind }) => {
      if (kind === 'trouble' || kind === 'misconfigured') regions.noteTrouble(id);
    },
  };
}

/** How often the use of a signing key is noted, at the least. */
const KEY_USE_NOTED_EVERY_MS = 10_000;

/** Each region's part is kept for a while as long as its configuration lasts: every join asks for it. */
export function tokenRegion(regions: RegionsService, { monotonicMs }: Clock): (id: string) => TokenRegion | undefined {
  const made = new WeakMap<Region, { readonly token: TokenRegion; readonly atMs: number }>();
  return (id) => {
    const region = regions.find(id);
    if (!region) return undefined;
    const nowMs = monotonicMs();
    const known = made.get(region);
    if (known && nowMs - known.atMs < KEY_USE_NOTED_EVERY_MS) return known.token;
    const { name, jurisdiction, livekit, storage } = region;
    const token = { id, name, jurisdiction, storageJurisdiction: storage?.jurisdiction, publicUrl: livekit.publicUrl, signingKey: regions.signingKeyOf(id) };
    made.set(region, { token, atMs: nowMs });
    return token;
  };
}
