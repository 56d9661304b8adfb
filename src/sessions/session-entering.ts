import type { Clock } from '../kernel/clock.ts';
import type { RoomId } from '../kernel/ids.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import { isDatabaseAway } from '../platform/database/database-failure.ts';
import { isAppError } from '../kernel/app-error.ts';
import type { SessionAbandonment } from './session-abandonment.ts';
import type { SessionClosing } from './session-closing.ts';
import { openingGaveUp, refusedPlacement, regionDoubtful, roomNotFound } from './session-errors.ts';
import type { SessionLook } from './session-look.ts';
import type { SessionMemory } from './session-memory.ts';
import type { OpeningAsk, SessionOpening } from './session-opening.ts';
import type { PlacementDecision, RoomState, RoomStates, SessionPlacements, SessionRegions } from './session-ports.ts';
import { type Session, lookReason } from './session.ts';

/** A live session that a token may be minted for, and the decision if this very call opened it. */
export interface Entered {
  readonly session: Session;
  readonly decision: PlacementDecision | undefined;
}

export interface SessionEntering {
  /** For a room whose session is live and beyond doubt this answers at once, without I/O. */
  enter(state: RoomState, ask: OpeningAsk): Entered | Promise<Entered>;
}

export interface SessionEnteringDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly rooms: RoomStates;
  readonly regions: SessionRegions;
  readonly placements: SessionPlacements;
  readonly opening: SessionOpening;
  readonly closing: SessionClosing;
  readonly abandonment: SessionAbandonment;
  readonly look: SessionLook;
  readonly memory: SessionMemory;
  readonly clock: Clock;
  readonly abandonAfterSeconds: number;
}

/** A meeting may end and reopen under a join; more often than this it is not a meeting. */
const MAX_TURNS = 3;

export function createSessionEntering(dependencies: SessionEnteringDependencies): SessionEntering {
  const { opening } = dependencies;

  async function enterSlowly(first: RoomState, ask: OpeningAsk): Promise<Entered> {
    let state: RoomState | undefined = first;
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const session: Session | null = state.session;
      if (!session?.liveAt) return opening.open(state.roomId, ask);
      const confirmed = await confirm(dependencies, state, session, ask);
      if (confirmed) return { session: confirmed, decision: undefined };
      state = await dependencies.rooms.refresh(state.roomId);
      if (!state) throw roomNotFound();
    }
    throw openingGaveUp();
  }

  return {
    enter: (state, ask) =>
      state.session && isBeyondDoubt(dependencies, state, state.session)
        ? { session: state.session, decision: undefined }
        : enterSlowly(state, ask),
  };
}

function needsLook({ memory, clock }: SessionEnteringDependencies, session: Session): boolean {
  const facts = {
    nowMs: clock.nowMs(),
    lastSignMs: memory.lastSignMs(session),
    unseenGrantsMs: memory.unseenGrantsMs(session),
  };
  return lookReason(session, facts) !== undefined;
}

function mayBeAbandoned({ regions, abandonAfterSeconds }: SessionEnteringDependencies, region: string): boolean {
  return abandonAfterSeconds > 0 && regions.unhealthyForMs(region) >= abandonAfterSeconds * 1000;
}

function isBeyondDoubt(dependencies: SessionEnteringDependencies, state: RoomState, session: Session): boolean {
  if (!session.liveAt || session.doubtfulAt || session.hiddenAt) return false;
  const { memory, clock } = dependencies;
  if (memory.isStale(session, clock.monotonicMs() - state.readAtMs)) return false;
  return !mayBeAbandoned(dependencies, session.region) && !needsLook(dependencies, session);
}

/**
 * Holds a live session against the newest row and, where that leaves doubt, against LiveKit.
 * @returns the session, or undefined when it is over and the next epoch is due.
 */
async function confirm(dependencies: SessionEnteringDependencies, state: RoomState, cached: Session, ask: OpeningAsk): Promise<Session | undefined> {
  const session = await newestRow(dependencies, state.roomId, cached);
  if (!session) return undefined;
  if (session.doubtfulAt || session.hiddenAt) throw regionDoubtful(session.region);
  if (mayBeAbandoned(dependencies, session.region)) return abandonOrGoOn(dependencies, state, session, ask);
  if (!needsLook(dependencies, session)) return session;
  const result = await dependencies.look.look(session);
  return result === 'absent' ? endAbsent(dependencies, session) : session;
}

/** Cut off from Postgres the cached row is the newest there is. */
async function newestRow({ rooms }: SessionEnteringDependencies, roomId: RoomId, cached: Session): Promise<Session | undefined> {
  try {
    const fresh = (await rooms.refresh(roomId))?.session;
    return fresh?.liveAt ? fresh : undefined;
  } catch (error) {
    if (isDatabaseAway(error) || isAppError(error, 'dependency.unavailable')) return cached;
    throw error;
  }
}

/** The next epoch is decided first: with no region for it, nothing is closed. */
async function abandonOrGoOn(dependencies: SessionEnteringDependencies, { roomId }: RoomState, session: Session, ask: OpeningAsk): Promise<Session | undefined> {
  const { placements, abandonment, regions } = dependencies;
  const next = await placements.decide(roomId, ask.placement, [session.region]);
  if (next.winner === null || next.winner === session.region) throw refusedPlacement(next);
  const closed = await abandonment.abandon(session);
  // Not proven dead, or seen alive by another replica: its clients may still get in.
  return closed || regions.isHealthy(session.region) ? undefined : session;
}

/** Nobody was last seen inside: one look is enough. With people inside only their node can tell. */
async function endAbsent({ unitOfWork, closing, rooms }: SessionEnteringDependencies, session: Session): Promise<undefined> {
  if (session.inside === 0) {
    await closing.close(session, 'absent');
    return undefined;
  }
  await unitOfWork.db.$executeRaw`
    UPDATE session SET doubtful_at = now() WHERE id = ${session.id} AND closed_at IS NULL AND doubtful_at IS NULL`;
  rooms.invalidate(session.roomId);
  throw regionDoubtful(session.region);
}
