import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import { LivekitFailure, isLivekitFailure } from '../platform/livekit/livekit-failure.ts';
import type { CreateRoomRequest } from '../platform/livekit/room-calls.ts';
import { type Bulkhead, createBulkhead } from '../platform/livekit/region-bulkhead.ts';
import { sessionOpened } from './session-events.ts';
import type { SessionRegions } from './session-ports.ts';
import { createSessionStore } from './session-store.ts';
import { type Session, livekitRoomName } from './session.ts';

/** CreateRoom inside a join has this long in one region, from the call itself. */
const CREATE_TIMEOUT_MS = 800;
/** Even at the end of its time a request lets LiveKit answer: it takes a few milliseconds. */
const MIN_TIMEOUT_MS = 100;
/** Calls in flight to one region from this process. LiveKit makes some 150 rooms a second, so a burst is soon worked off. */
const MAX_IN_FLIGHT = 16;
const MAX_WAITING = 1_000;

export type CreationOutcome =
  | { readonly state: 'live'; readonly session: Session }
  /** Somebody closed it meanwhile; what LiveKit made is deleted in the background. */
  | { readonly state: 'closed' }
  | { readonly state: 'failed'; readonly failure: LivekitFailure };

export interface SessionCreation {
  /**
   * Makes the LiveKit room of an opening session and stores that it is live. Idempotent: any number may try at once.
   * `deadlineMs` is monotonic; the call itself has 800 ms of it at most.
   */
  create(session: Session, deadlineMs: number): Promise<CreationOutcome>;
}

export interface SessionCreationDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly regions: Pick<SessionRegions, 'gatewayOf' | 'isHealthy' | 'noteFailure'>;
  readonly monotonicMs: () => number;
  /** Told of a session that was closed while its LiveKit room was made. */
  readonly onLeftover: (session: Session) => void;
}

export function createSessionCreation(dependencies: SessionCreationDependencies): SessionCreation {
  const { unitOfWork, regions, monotonicMs, onLeftover } = dependencies;
  const store = createSessionStore(unitOfWork.db);
  const lanes = new Map<string, Bulkhead>();

  function laneOf(region: string): Bulkhead {
    const lane = lanes.get(region) ?? createBulkhead({ maxInFlight: MAX_IN_FLIGHT, maxQueued: MAX_WAITING });
    lanes.set(region, lane);
    return lane;
  }

  async function callInTurn(session: Session, deadlineMs: number): Promise<string> {
    const lane = laneOf(session.region);
    const waits = lane.inFlight() >= MAX_IN_FLIGHT;
    const queueTimeoutMs = Math.max(0, deadlineMs - monotonicMs() - CREATE_TIMEOUT_MS);
    return lane.run({ method: 'CreateRoom', queueTimeoutMs }, async () => {
      // Those before us may have found the region in trouble: then the time is better spent elsewhere.
      if (waits && !regions.isHealthy(session.region)) throw notAsked();
      const timeoutMs = Math.max(MIN_TIMEOUT_MS, Math.min(CREATE_TIMEOUT_MS, deadlineMs - monotonicMs()));
      try {
        const room = await regions.gatewayOf(session.region)?.createRoom(roomRequest(session), { timeoutMs });
        if (!room) throw notAsked();
        return room.sid;
      } catch (error) {
        // A call that we gave less than its time says nothing about the region by not being answered.
        const isBlameless = timeoutMs < CREATE_TIMEOUT_MS && isLivekitFailure(error) && error.code === 'timeout';
        if (isLivekitFailure(error) && !isBlameless) regions.noteFailure(session.region, error);
        throw error;
      }
    });
  }

  async function storeLive(session: Session, livekitSid: string): Promise<CreationOutcome> {
    const live = await unitOfWork.run(async ({ db, appendEvent }) => {
      const opened = await createSessionStore(db).makeLive(session.id, livekitSid);
      if (opened) await appendEvent(sessionOpened(opened));
      return opened;
    });
    return live ? { state: 'live', session: live } : readAgain(session);
  }

  async function readAgain(session: Session): Promise<CreationOutcome> {
    const now = await store.find(session.id);
    if (now?.liveAt && !now.closedAt) return { state: 'live', session: now };
    onLeftover(session);
    return { state: 'closed' };
  }

  /** Somebody else's call may have succeeded while ours failed. */
  async function fail(session: Session, failure: LivekitFailure): Promise<CreationOutcome> {
    return (await store.failCreate(session.id)) ? { state: 'failed', failure } : readAgain(session);
  }

  return {
    create: async (session, deadlineMs) => {
      let livekitSid: string;
      try {
        livekitSid = await callInTurn(session, deadlineMs);
      } catch (error) {
        if (!isLivekitFailure(error)) throw error;
        return fail(session, error);
      }
      return storeLive(session, livekitSid);
    },
  };
}

function notAsked(): LivekitFailure {
  return new LivekitFailure({ kind: 'queued', method: 'CreateRoom', code: 'not_asked', message: 'the region was not asked' });
}

/** The same options for everybody who calls: whoever comes first decides them, and all say the same. */
export function roomRequest(session: Session): CreateRoomRequest {
  return {
    name: livekitRoomName(session),
    emptyTimeoutSeconds: session.emptyTimeoutSeconds,
    departureTimeoutSeconds: session.departureTimeoutSeconds,
    maxParticipants: session.maxParticipants ?? undefined,
    metadata: session.roomConfig.metadata,
    agents: session.roomConfig.agents,
  };
}
