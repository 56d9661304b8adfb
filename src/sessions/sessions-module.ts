import type { ChangeSignal } from '../coordination/change-signal.ts';
import type { Freshness } from '../coordination/freshness.ts';
import type { LeaderElection } from '../coordination/leader.ts';
import type { Clock } from '../kernel/clock.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { Module } from '../platform/module.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { RoomsService } from '../rooms/rooms-module.ts';
import { createPresence } from './presence.ts';
import { createSessionAbandonment } from './session-abandonment.ts';
import { createSessionCleanup } from './session-cleanup.ts';
import { createSessionClosing } from './session-closing.ts';
import { createSessionCreation } from './session-creation.ts';
import { createSessionEntering } from './session-entering.ts';
import { createSessionHandlers } from './session-livekit-handlers.ts';
import { createSessionLook } from './session-look.ts';
import { createSessionMemory } from './session-memory.ts';
import { createSessionOpening } from './session-opening.ts';
import type { SessionPlacements, SessionRegions } from './session-ports.ts';
import { createSessionReconciler } from './session-reconciler.ts';
import { createSessionRooms } from './session-rooms.ts';
import { type DecisionReader, createSessionRoutes } from './session-routes.ts';
import { createSessionSchedules } from './session-schedules.ts';
import { type SessionService, createSessionService } from './session-service.ts';
import { createSessionVerdicts } from './session-verdict.ts';

export type { Entered } from './session-entering.ts';
export { openingGaveUp } from './session-errors.ts';
export type { OpeningAsk } from './session-opening.ts';
export type { PlacementAsk, PlacementDecision, SessionPlacements, SessionRegions } from './session-ports.ts';
export type { SessionService } from './session-service.ts';
export { type CloseReason, type RoomConfig, type Session, livekitRoomName } from './session.ts';

export interface SessionsDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly changes: Pick<ChangeSignal, 'announce'>;
  readonly freshness: Pick<Freshness, 'isCutOff'>;
  readonly leader: LeaderElection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rooms: RoomsService;
  readonly regions: SessionRegions;
  readonly placements: SessionPlacements;
  readonly decisions: DecisionReader;
  readonly departureTimeoutSeconds: number;
  /** Silence of a region after which its meetings reopen elsewhere; 0 = never. */
  readonly abandonAfterSeconds: number;
}

export function createSessionsModule(dependencies: SessionsDependencies): Module<SessionService> {
  const { unitOfWork, changes, clock, logger, regions, abandonAfterSeconds } = dependencies;
  const { directory, rooms: roomService } = dependencies.rooms;
  const rooms = createSessionRooms({ directory, monotonicMs: clock.monotonicMs });
  const memory = createSessionMemory();
  const presence = createPresence({ unitOfWork });
  const closing = createSessionClosing({ unitOfWork, rooms, regions, announce: changes.announce });
  const onLeftover = (session: Parameters<typeof closing.sweepLater>[0]): void => {
    closing.sweepLater(session).catch((error: unknown) => logger.warn({ err: error, session: session.id }, 'a leftover room could not be queued; the reconciler finds it'));
  };
  const creation = createSessionCreation({ unitOfWork, regions, monotonicMs: clock.monotonicMs, onLeftover });
  const opening = createSessionOpening({ ...dependencies, rooms, creation });
  const abandonment = createSessionAbandonment({ unitOfWork, closing, afterSeconds: abandonAfterSeconds });
  const look = createSessionLook({ regions, memory, clock });
  const entering = createSessionEntering({ ...dependencies, rooms, opening, closing, abandonment, look, memory });
  const verdicts = createSessionVerdicts({ unitOfWork, closing, regions, rooms, logger });
  const reconciler = createSessionReconciler({ unitOfWork, regions, presence, closing, verdicts, logger });
  const cleanup = createSessionCleanup({ db: unitOfWork.db });
  const { schedules, stop } = createSessionSchedules({ ...dependencies, reconciler, cleanup, verdicts });
  const service = createSessionService({ unitOfWork, rooms, entering, closing, abandonment, memory, nowMs: clock.nowMs, stop });
  return {
    service,
    routes: createSessionRoutes({
      sessions: service,
      decisions: dependencies.decisions,
      getRoom: async (tenantId, idOrSlug) => (await roomService.get(tenantId, idOrSlug)).room,
    }),
    schedules,
    livekitHandlers: createSessionHandlers({ unitOfWork, presence, closing, memory, rooms }),
  };
}
