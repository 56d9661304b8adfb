import type { Freshness } from '../coordination/freshness.ts';
import type { Clock } from '../kernel/clock.ts';
import type { MasterKey } from '../platform/config/env-values.ts';
import type { HotQueries } from '../platform/database/hot-queries.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { Module } from '../platform/module.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { RoomsService } from '../rooms/rooms-module.ts';
import type { SessionService } from '../sessions/sessions-module.ts';
import { createJoinGrantLog } from './join-grant-log.ts';
import { createJoinRoute } from './join-routes.ts';
import type { TokenRegion } from './join.ts';
import { createJoinService } from './join-service.ts';
import { createLivekitTokenRoute } from './livekit-token-route.ts';
import { createRejoinTokens } from './rejoin-token.ts';

export type { TokenRegion } from './join.ts';

export interface TokensService {
  /** Writes the grants that wait in memory; the last act of a shutdown. */
  flushGrants(): Promise<void>;
}

export interface TokensDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly hot: HotQueries;
  readonly rooms: RoomsService;
  readonly sessions: SessionService;
  readonly findRegion: (id: string) => TokenRegion | undefined;
  readonly masterKeys: readonly MasterKey[];
  readonly tokenTtlSeconds: number;
  readonly freshness: Freshness;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createTokensModule(dependencies: TokensDependencies): Module<TokensService> {
  const { hot, rooms, sessions, clock, logger, masterKeys } = dependencies;
  const grants = createJoinGrantLog({ hot, logger });
  const rejoinTokens = createRejoinTokens({ masterKeys, nowMs: clock.nowMs });
  const joins = createJoinService({ ...dependencies, sessions, directory: rooms.directory, grants, rejoinTokens });
  return {
    service: { flushGrants: grants.flush },
    routes: [
      createJoinRoute({ joins, directory: rooms.directory }),
      createLivekitTokenRoute({
        joins,
        directory: rooms.directory,
        createRoom: async (tenantId, by) => (await rooms.rooms.create(tenantId, {}, by)).room.id,
      }),
    ],
    schedules: [],
    livekitHandlers: [],
  };
}
