import type { Clock } from '../kernel/clock.ts';
import type { RoomId } from '../kernel/ids.ts';
import { makeId } from '../kernel/ids.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { SessionCreation } from './session-creation.ts';
import { openingGaveUp, refusedPlacement, roomNotFound } from './session-errors.ts';
import type { PlacementAsk, PlacementDecision, RoomState, RoomStates, SessionPlacements } from './session-ports.ts';
import type { RoomConfig, Session } from './session.ts';
import { createSessionStore } from './session-store.ts';

/** Everything that opening may take, in all regions together. */
const OPENING_BUDGET_MS = 2_800;
/** How often what was decided may turn out to be stale before the caller is sent away. */
const MAX_ROUNDS = 3;
/** The first region and at most two more. */
const MAX_REGIONS = 3;
const WAIT_EVERY_MS = 25;
/** A CreateRoom takes milliseconds; an opener that needs longer may be dead, and ours does no harm. */
const WAIT_AT_MOST_MS = 300;

export interface OpeningAsk {
  readonly placement: PlacementAsk;
  readonly roomConfig: RoomConfig;
  readonly by: { readonly actor: string; readonly requestId: string };
}

export interface Opened {
  readonly session: Session;
  /** Only when this very call decided the placement. */
  readonly decision: PlacementDecision | undefined;
}

export interface SessionOpening {
  /**
   * A live session for the room, opened if there is none. All callers of one process share one opening of a room.
   * @throws AppError `room.not-found`, `placement.*`, or `dependency.unavailable` within the budget.
   */
  open(roomId: RoomId, ask: OpeningAsk): Promise<Opened>;
}

export interface SessionOpeningDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly rooms: RoomStates;
  readonly placements: SessionPlacements;
  readonly creation: SessionCreation;
  readonly clock: Clock;
  readonly departureTimeoutSeconds: number;
}

export function createSessionOpening(dependencies: SessionOpeningDependencies): SessionOpening {
  const { rooms } = dependencies;
  const running = new Map<RoomId, Promise<Opened>>();

  async function shared(roomId: RoomId, own: Promise<Opened>): Promise<Opened> {
    try {
      return await own;
    } finally {
      running.delete(roomId);
      // Read back at once: from now on its joins need no Postgres.
      rooms.refresh(roomId).catch(() => {});
    }
  }

  return {
    open: (roomId, ask) => {
      const known = running.get(roomId);
      // Those who come second find it live: the decision is told to the one who made it.
      if (known) return known.then(({ session }) => ({ session, decision: undefined }));
      const own = shared(roomId, openOnce(dependencies, roomId, ask));
      running.set(roomId, own);
      return own;
    },
  };
}

/** The course of one opening: what has failed so far, and until when it may go on. */
interface Course {
  readonly deadlineMs: number;
  readonly failed: string[];
  rounds: number;
}

async function openOnce(dependencies: SessionOpeningDependencies, roomId: RoomId, ask: OpeningAsk): Promise<Opened> {
  const { rooms, clock } = dependencies;
  const course: Course = { deadlineMs: clock.monotonicMs() + OPENING_BUDGET_MS, failed: [], rounds: 0 };
  while (course.rounds < MAX_ROUNDS && clock.monotonicMs() < course.deadlineMs) {
    const state = await rooms.refresh(roomId);
    if (!state) throw roomNotFound();
    const opened = await step(dependencies, state, ask, course);
    if (opened) return opened;
  }
  throw openingGaveUp();
}

async function step(dependencies: SessionOpeningDependencies, state: RoomState, ask: OpeningAsk, course: Course): Promise<Opened | undefined> {
  const { session } = state;
  if (session?.liveAt) return { session, decision: undefined };
  if (session) return joinOpener(dependencies, session, course);
  const decision = await dependencies.placements.decide(state.roomId, ask.placement, course.failed);
  if (decision.winner === null || course.failed.includes(decision.winner)) throw refusedPlacement(decision);
  const opening = await insert(dependencies, state, ask, decision);
  if (!opening) {
    course.rounds += 1;
    return undefined;
  }
  const made = await make(dependencies, opening, course);
  if (!made && (state.strictPin || course.failed.length >= MAX_REGIONS)) {
    throw refusedPlacement(await dependencies.placements.decide(state.roomId, ask.placement, course.failed));
  }
  return made && { session: made, decision };
}

/** Somebody else opens: wait for it a little, then do what it does, which is harmless. */
async function joinOpener(dependencies: SessionOpeningDependencies, session: Session, course: Course): Promise<Opened | undefined> {
  const store = createSessionStore(dependencies.unitOfWork.db);
  const untilMs = dependencies.clock.monotonicMs() + WAIT_AT_MOST_MS;
  let seen: Session | undefined = session;
  while (dependencies.clock.monotonicMs() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, WAIT_EVERY_MS));
    seen = await store.find(session.id);
    if (!seen || seen.closedAt) return undefined;
    if (seen.liveAt) return { session: seen, decision: undefined };
  }
  await store.noteCreateCall(session.id);
  const made = await make(dependencies, session, course);
  return made && { session: made, decision: undefined };
}

async function make({ creation, clock }: SessionOpeningDependencies, session: Session, course: Course): Promise<Session | undefined> {
  const outcome = await creation.create(session, course.deadlineMs - clock.monotonicMs());
  if (outcome.state === 'failed') course.failed.push(session.region);
  return outcome.state === 'live' ? outcome.session : undefined;
}

async function insert(dependencies: SessionOpeningDependencies, state: RoomState, ask: OpeningAsk, decision: PlacementDecision): Promise<Session | undefined> {
  const { unitOfWork, placements, departureTimeoutSeconds } = dependencies;
  const { roomId, tenantId } = state;
  return unitOfWork.run(async ({ db, appendAudit }) => {
    const session = await createSessionStore(db).open({
      id: makeId('session'),
      roomId,
      roomRevision: state.roomRevision,
      tenantRevision: state.tenantRevision,
      region: decision.winner as string,
      regionRevision: decision.winnerRevision,
      decisionId: decision.id,
      emptyTimeoutSeconds: state.emptyTimeoutSeconds,
      departureTimeoutSeconds,
      maxParticipants: state.maxParticipants,
      roomConfig: { ...ask.roomConfig, agents: [...state.agents, ...(ask.roomConfig.agents ?? [])] },
    });
    if (!session) return undefined;
    await placements.store(db, decision, { roomId, tenantId });
    const { id, epoch, region } = session;
    await appendAudit({ ...ask.by, action: 'session.open', subject: id, after: { roomId, epoch, region, decisionId: decision.id }, tenantId });
    return session;
  });
}
