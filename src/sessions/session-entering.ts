import type { Freshness } from '../coordination/freshness.ts';
import type { Clock } from '../kernel/clock.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import { isDatabaseAway } from '../platform/database/database-failure.ts';
import { isAppError } from '../kernel/app-error.ts';
import type { SessionAbandonment } from './session-abandonment.ts';
import type { SessionClosing } from './session-closing.ts';
import { openingGaveUp, refusedPlacement, regionDoubtful } from './session-errors.ts';
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
  readonly freshness: Pick<Freshness, 'isCutOff'>;
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
/** Everything that a join may take when a region fails under it, in all regions together. */
const ENTERING_BUDGET_MS = 2_800;

export function createSessionEntering(dependencies: SessionEnteringDependencies): SessionEntering {
  const { opening, clock } = dependencies;

  async function enterSlowly({ roomId, session: cached }: RoomState, ask: OpeningAsk): Promise<Entered> {
    const deadlineMs = clock.monotonicMs() + ENTERING_BUDGET_MS;
    let session = cached?.liveAt ? await newestRow(dependencies, cached) : undefined;
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      if (!session) {
        const opened = await opening.open(roomId, ask, deadlineMs);
        if (opened.isNew) return opened;
        session = opened.session;
      }
      const confirmed = await confirm(dependencies, session, ask);
      if (confirmed) return { session: confirmed, decision: undefined };
      session = undefined;
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

/** What this process sees of the region; only then is it worth asking what all replicas have seen. */
function mayBeDead({ regions, abandonAfterSeconds }: SessionEnteringDependencies, region: string): boolean {
  return abandonAfterSeconds > 0 && regions.unhealthyForMs(region) >= abandonAfterSeconds * 1000;
}

function isBeyondDoubt(dependencies: SessionEnteringDependencies, state: RoomState, session: Session): boolean {
  if (!session.liveAt || session.doubtfulAt || session.hiddenAt) return false;
  const { memory, look, clock, freshness } = dependencies;
  // Cut off from Postgres there is no newer row to be had.
  if (!freshness.isCutOff() && memory.isStale(session, clock.monotonicMs() - state.readAtMs)) return false;
  return !mayBeDead(dependencies, session.region) && (!needsLook(dependencies, session) || look.wasJustListed(session));
}

/**
 * Holds the newest row of a live session against its region.
 * @returns the session, or undefined when it is over, or has changed so that it must be read again.
 * @throws AppError `dependency.unavailable` while it is in doubt; `placement.*` when its region is dead and no other may take it.
 */
async function confirm(dependencies: SessionEnteringDependencies, session: Session, ask: OpeningAsk): Promise<Session | undefined> {
  if (mayBeDead(dependencies, session.region) && (await isProvenDead(dependencies, session))) {
    await abandon(dependencies, session, ask);
    return undefined;
  }
  if (session.doubtfulAt || session.hiddenAt) throw regionDoubtful(session.region);
  if (!needsLook(dependencies, session)) return session;
  const result = await dependencies.look.look(session);
  return result === 'absent' ? endAbsent(dependencies, session) : session;
}

/** Undefined when the room has no live session any more. Cut off from Postgres the cached row is the newest there is. */
async function newestRow({ rooms, freshness }: SessionEnteringDependencies, cached: Session): Promise<Session | undefined> {
  if (freshness.isCutOff()) return cached;
  try {
    const fresh = (await rooms.refresh(cached.roomId))?.session;
    return fresh?.liveAt ? fresh : undefined;
  } catch (error) {
    if (isPostgresAway(error)) return cached;
    throw error;
  }
}

/** Without Postgres nothing is proven, and the meeting goes on where it is. */
async function isProvenDead({ abandonment }: SessionEnteringDependencies, { region }: Session): Promise<boolean> {
  try {
    return await abandonment.isProvenDead(region);
  } catch (error) {
    if (isPostgresAway(error)) return false;
    throw error;
  }
}

function isPostgresAway(error: unknown): boolean {
  return isDatabaseAway(error) || isAppError(error, 'dependency.unavailable');
}

/** The next epoch is decided first: with no region for it, nothing is closed. */
async function abandon({ placements, abandonment }: SessionEnteringDependencies, session: Session, ask: OpeningAsk): Promise<void> {
  const next = await placements.decide(session.roomId, ask.placement, [session.region]);
  if (next.winner === null) throw refusedPlacement(next);
  await abandonment.abandon(session);
}

/** Nobody was last seen inside: one look is enough. With people inside only their node can tell. */
async function endAbsent({ unitOfWork, closing, rooms }: SessionEnteringDependencies, session: Session): Promise<undefined> {
  if (session.inside === 0) {
    await closing.close(session, 'absent', 'empty');
    return undefined;
  }
  await unitOfWork.db.$executeRaw`
    UPDATE session SET doubtful_at = now() WHERE id = ${session.id} AND closed_at IS NULL AND doubtful_at IS NULL`;
  rooms.invalidate(session.roomId);
  throw regionDoubtful(session.region);
}
