import type { Clock } from '../kernel/clock.ts';
import type { RoomId } from '../kernel/ids.ts';
import { makeId } from '../kernel/ids.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { SessionCreation } from './session-creation.ts';
import { openingGaveUp, refusedPlacement, regionsFailed, roomNotFound } from './session-errors.ts';
import type { PlacementAsk, PlacementDecision, RoomState, RoomStates, SessionPlacements, SessionRegions } from './session-ports.ts';
import type { RoomConfig, Session } from './session.ts';
import { createSessionStore } from './session-store.ts';

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
  /** False when it was live already: then it may have been so for long, and the caller has to doubt it. */
  readonly isNew: boolean;
  /** Only when this very call decided the placement. */
  readonly decision: PlacementDecision | undefined;
}

export interface SessionOpening {
  /**
   * A live session for the room, opened if there is none. All callers of one process share one opening of a room.
   * @throws AppError `room.not-found`, `placement.*`, or `dependency.unavailable` by `deadlineMs` (monotonic).
   */
  open(roomId: RoomId, ask: OpeningAsk, deadlineMs: number): Promise<Opened>;
}

export interface SessionOpeningDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly rooms: RoomStates;
  readonly regions: Pick<SessionRegions, 'refresh'>;
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
    open: (roomId, ask, deadlineMs) => {
      const known = running.get(roomId);
      // Those who come second find it live: the decision is told to the one who made it.
      if (known) return known.then((opened) => ({ ...opened, decision: undefined }));
      const own = shared(roomId, openOnce(dependencies, roomId, ask, { deadlineMs, failed: [], rounds: 0, isStale: false }));
      running.set(roomId, own);
      return own;
    },
  };
}

/** The course of one opening: what has failed so far, and until when it may go on. */
interface Course {
  readonly deadlineMs: number;
  readonly failed: string[];
  /** Decisions that were found stale when the session was to be opened by them. */
  rounds: number;
  /** Whether the last one was, unless somebody else's session turns out to be the reason. */
  isStale: boolean;
}

async function openOnce(dependencies: SessionOpeningDependencies, roomId: RoomId, ask: OpeningAsk, course: Course): Promise<Opened> {
  const { rooms, clock } = dependencies;
  for (let turn = 0; clock.monotonicMs() < course.deadlineMs; turn += 1) {
    const state = await rooms.refresh(roomId);
    if (!state) throw roomNotFound();
    if (state.session?.liveAt) return { session: state.session, decision: undefined, isNew: turn > 0 };
    const opened = state.session ? await joinOpener(dependencies, state.session, course) : await openNext(dependencies, state, ask, course);
    if (opened) return { ...opened, isNew: true };
  }
  throw course.failed.length > 0 ? regionsFailed(course.failed) : openingGaveUp();
}

type Made = Pick<Opened, 'session' | 'decision'>;

/** Decides, opens and makes the next epoch; undefined when what was decided by is stale, or the region failed. */
async function openNext(dependencies: SessionOpeningDependencies, state: RoomState, ask: OpeningAsk, course: Course): Promise<Made | undefined> {
  const { regions, placements } = dependencies;
  if (course.failed.length >= MAX_REGIONS) throw regionsFailed(course.failed);
  if (course.isStale) {
    course.rounds += 1;
    if (course.rounds >= MAX_ROUNDS) throw openingGaveUp();
    // The room was read anew by now; the regions come from this process' snapshot, which may be what is stale.
    await regions.refresh();
  }
  const decision = await placements.decide(state.roomId, ask.placement, course.failed);
  if (decision.winner === null) throw refusedPlacement(decision);
  const opening = await insert(dependencies, state, ask, decision);
  course.isStale = opening === undefined;
  if (!opening) return undefined;
  const session = await make(dependencies, opening, course);
  return session && { session, decision };
}

/** Somebody else opens: wait for it a little, then do what it does, which is harmless. */
async function joinOpener(dependencies: SessionOpeningDependencies, session: Session, course: Course): Promise<Made | undefined> {
  course.isStale = false;
  const store = createSessionStore(dependencies.unitOfWork.db);
  const untilMs = dependencies.clock.monotonicMs() + WAIT_AT_MOST_MS;
  let seen: Session | undefined = session;
  while (dependencies.clock.monotonicMs() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, WAIT_EVERY_MS));
    seen = await store.find(session.id);
    if (!seen || seen.closedAt) return undefined;
    if (seen.liveAt) return { session: seen, decision: undefined };
  }
  if (!(await store.noteCreateCall(session.id))) return undefined;
  const made = await make(dependencies, session, course);
  return made && { session: made, decision: undefined };
}

async function make({ creation }: SessionOpeningDependencies, session: Session, course: Course): Promise<Session | undefined> {
  const outcome = await creation.create(session, course.deadlineMs);
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
