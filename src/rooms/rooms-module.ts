import { randomBytes } from 'node:crypto';
import type { ChangeSignal } from '../coordination/change-signal.ts';
import type { Freshness } from '../coordination/freshness.ts';
import type { Generations } from '../coordination/generation.ts';
import type { Clock } from '../kernel/clock.ts';
import type { HotQueries } from '../platform/database/hot-queries.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { Module } from '../platform/module.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { type RoomDirectory, createRoomDirectory } from './room-directory.ts';
import { createRoomDirectoryStore } from './room-directory-store.ts';
import type { RoomSettings } from './room.ts';
import { type RoomDefaults, type RoomPlacementPolicy, effectivePolicy, placementPolicyOf } from './room-policy.ts';
import type { RoomPorts } from './room-ports.ts';
import { createRoomRoutes } from './room-routes.ts';
import { createRoomSchemas } from './room-schemas.ts';
import { type RoomService, createRoomService } from './room-service.ts';
import { readTenantRules } from './tenant-rules.ts';

export type { Access, KnownRegion, LiveSession, Permissions, Room, RoomContent, TrackSource } from './room.ts';
export type { RoomDirectory } from './room-directory.ts';
export type { RoomEntry } from './room-entry.ts';
export { roomNotFound } from './room-errors.ts';
export type { EffectivePolicy, RoomDefaults, RoomPlacementPolicy } from './room-policy.ts';
export type { PolicedRoom, RoomPorts } from './room-ports.ts';
export type { RoomView } from './room-service.ts';

export interface RoomsService {
  readonly rooms: RoomService;
  readonly directory: RoomDirectory;
  /** What a room with these settings asks of a placement under a tenant's stored policy; nothing is stored. */
  placementOf(tenantPolicy: unknown, settings: RoomSettings): RoomPlacementPolicy;
}

export interface RoomsDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly hot: HotQueries;
  readonly freshness: Freshness;
  readonly generations: Generations;
  readonly changes: Pick<ChangeSignal, 'announce'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly defaults: RoomDefaults;
  /** Base of the addresses handed out, without a trailing slash. */
  readonly publicUrl: string;
  readonly ports: RoomPorts;
}

export function createRoomsModule(dependencies: RoomsDependencies): Module<RoomsService> {
  const { unitOfWork, hot, changes, logger, defaults, publicUrl, ports } = dependencies;
  const schemas = createRoomSchemas(defaults);
  const directory = createRoomDirectory({ ...dependencies, store: createRoomDirectoryStore(hot) });
  const rooms = createRoomService({
    unitOfWork,
    schemas,
    defaults,
    ports,
    randomBytes,
    onChange: (id) => {
      directory.invalidate(id);
      changes.announce();
    },
  });
  return {
    service: {
      rooms,
      directory,
      placementOf: (tenantPolicy, settings) => placementPolicyOf(effectivePolicy(defaults, readTenantRules(tenantPolicy), { settings })),
    },
    routes: createRoomRoutes({ rooms, schemas, regions: ports.regions, publicUrl, logger }),
    schedules: [],
    livekitHandlers: [],
  };
}
