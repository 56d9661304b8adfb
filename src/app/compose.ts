import { ownerToken } from '../coordination/instance.ts';
import { readVariable } from '../platform/config/load-config.ts';
import { createListen } from '../platform/database/database-listener.ts';
import type { CredentialReader } from '../platform/http/authenticate.ts';
import type { Route } from '../platform/http/route.ts';
import type { LivekitHandler } from '../platform/livekit/livekit-handler.ts';
import type { Schedule } from '../platform/module.ts';
import { createDataKeyStore } from '../platform/secrets/data-key-store.ts';
import { type SecretBox, createRewrapSchedule, createSecretBox } from '../platform/secrets/secret-box.ts';
import { createEventsModule } from '../events/events-module.ts';
import { createInboundModule } from '../inbound/inbound-module.ts';
import { createPlacementsModule } from '../placements/placements-module.ts';
import { type RegionsService, createRegionsModule } from '../regions/regions-module.ts';
import { createRoomsModule } from '../rooms/rooms-module.ts';
import { createSessionsModule } from '../sessions/sessions-module.ts';
import { type TenantsService, createTenantsModule } from '../tenants/tenants-module.ts';
import { createTokensModule } from '../tokens/tokens-module.ts';
import type { Platform } from './platform.ts';
import { type Late, createLate } from './late.ts';
import { placementPorts, regionPorts, roomPorts, sessionPlacements, sessionRegions, tokenRegion } from './ports.ts';

/** The product: every module's parts in one place. */
export interface Composition {
  readonly routes: readonly Route[];
  readonly schedules: readonly Schedule[];
  readonly readCredential: CredentialReader;
  readonly tenants: TenantsService;
  readonly regions: RegionsService;
  /** Loads what must be in memory before the first request, and begins to watch. */
  start(): Promise<void>;
  /** Ends what `start` began, after the last request. */
  stop(): Promise<void>;
}

/** Makes the modules in the order of who may use whom; what a lower one needs of a higher one comes late. */
export function compose(platform: Platform): Composition {
  const { config, unitOfWork } = platform;
  const box = createSecretBox({ store: createDataKeyStore(unitOfWork.db), masterKeys: config.MERIDIAN_MASTER_KEY });
  const late = createLate();
  const lower = createLowerModules(platform, box, late);
  const { sessions, tokens } = createUpperModules(platform, lower);
  late.complete({ sessions: sessions.service, rooms: lower.rooms.service });
  const { events, inbound } = createLogModules(platform, lower.regions.service, sessions.livekitHandlers);
  const { tenants, regions, placements, rooms } = lower;
  // The way of a join comes first: the router tries routes in this order.
  const modules = [tokens, inbound, rooms, sessions, placements, regions, tenants, events];
  return {
    routes: modules.flatMap((each) => each.routes),
    schedules: [...modules.flatMap((each) => each.schedules), createRewrapSchedule(box)],
    readCredential: tenants.service.readCredential,
    tenants: tenants.service,
    regions: regions.service,
    start: async () => {
      await regions.service.start();
      await placements.service.start();
    },
    stop: async () => {
      await Promise.all([sessions.service.stop(), inbound.service.stop()]);
      await tokens.service.flushGrants();
      await tenants.service.stop();
      placements.service.stop();
      await regions.service.stop();
    },
  };
}

/** Who exists, where, and what for. */
function createLowerModules(platform: Platform, box: SecretBox, late: Late) {
  const { config } = platform;
  const tenants = createTenantsModule(platform);
  const regions = createRegionsModule({
    ...platform,
    box,
    readVariable,
    config: { controlPlaneRedis: config.REDIS_URL, file: config.MERIDIAN_REGIONS_FILE },
    ports: regionPorts(late, tenants.service),
  });
  const placements = createPlacementsModule({ ...platform, regions: regions.service, ports: placementPorts(late, tenants.service) });
  const rooms = createRoomsModule({
    ...platform,
    publicUrl: config.MERIDIAN_PUBLIC_URL,
    defaults: {
      access: config.MERIDIAN_DEFAULT_ACCESS,
      emptyTimeoutSeconds: config.MERIDIAN_EMPTY_TIMEOUT,
      minEmptyTimeoutSeconds: config.MERIDIAN_MIN_EMPTY_TIMEOUT,
    },
    ports: roomPorts(late, regions.service),
  });
  return { tenants, regions, placements, rooms };
}

/** Who is where now, and how one gets in. */
function createUpperModules(platform: Platform, { regions, placements, rooms }: ReturnType<typeof createLowerModules>) {
  const { config, clock } = platform;
  const sessions = createSessionsModule({
    ...platform,
    rooms: rooms.service,
    regions: sessionRegions(regions.service, clock),
    placements: sessionPlacements(placements.service, rooms.service),
    decisions: placements.service.decisions,
    departureTimeoutSeconds: config.MERIDIAN_DEPARTURE_TIMEOUT,
    abandonAfterSeconds: config.MERIDIAN_SESSION_ABANDON_AFTER,
  });
  const tokens = createTokensModule({
    ...platform,
    rooms: rooms.service,
    sessions: sessions.service,
    findRegion: tokenRegion(regions.service, clock),
    masterKeys: config.MERIDIAN_MASTER_KEY,
    tokenTtlSeconds: config.MERIDIAN_TOKEN_TTL,
  });
  return { sessions, tokens };
}

/** What happened here, and what LiveKit says happened. */
function createLogModules(platform: Platform, regions: RegionsService, handlers: readonly LivekitHandler[]) {
  const { config, instance } = platform;
  const events = createEventsModule({
    ...platform,
    listen: createListen({ url: config.DATABASE_URL }),
    retentionSeconds: config.MERIDIAN_EVENT_RETENTION,
    random: Math.random,
  });
  const inbound = createInboundModule({
    ...platform,
    regions: { findWebhookKeys: (id) => regions.find(id)?.livekit.keys, noteSign: regions.noteSign },
    handlers,
    owner: ownerToken(instance),
    random: Math.random,
  });
  return { events, inbound };
}
