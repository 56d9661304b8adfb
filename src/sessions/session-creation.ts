import type { LivekitFailure } from '../platform/livekit/livekit-failure.ts';
import { isLivekitFailure } from '../platform/livekit/livekit-failure.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { SessionRegions } from './session-ports.ts';
import type { Session } from './session.ts';
import { livekitRoomName } from './session.ts';
import { sessionOpened } from './session-events.ts';
import { createSessionStore } from './session-store.ts';

/** CreateRoom inside a join has this long in one region. */
const CREATE_TIMEOUT_MS = 800;
/** Even at the end of its time a request lets LiveKit answer: it takes a few milliseconds. */
const MIN_TIMEOUT_MS = 100;

export type CreationOutcome =
  | { readonly state: 'live'; readonly session: Session }
  /** Somebody closed it meanwhile; what LiveKit made is deleted in the background. */
  | { readonly state: 'closed' }
  | { readonly state: 'failed'; readonly failure: LivekitFailure };

export interface SessionCreation {
  /** Makes the LiveKit room of an opening session and stores that it is live. Idempotent: any number may try at once. */
  create(session: Session, budgetMs: number): Promise<CreationOutcome>;
}

export function createSessionCreation(options: {
  readonly unitOfWork: UnitOfWork;
  readonly regions: SessionRegions;
  /** Told of a session that was closed while its LiveKit room was made. */
  readonly onLeftover: (session: Session) => void;
}): SessionCreation {
  const { unitOfWork, regions, onLeftover } = options;
  const store = createSessionStore(unitOfWork.db);

  async function storeLive(session: Session, livekitSid: string): Promise<Session | undefined> {
    return unitOfWork.run(async ({ db, appendEvent }) => {
      const live = await createSessionStore(db).makeLive(session.id, livekitSid);
      if (live) await appendEvent(sessionOpened(live));
      return live;
    });
  }

  async function readAgain(session: Session): Promise<CreationOutcome> {
    const now = await store.find(session.id);
    if (now?.liveAt && !now.closedAt) return { state: 'live', session: now };
    onLeftover(session);
    return { state: 'closed' };
  }

  async function fail(session: Session, error: unknown, wasRushed: boolean): Promise<CreationOutcome> {
    if (!isLivekitFailure(error)) throw error;
    const closed = await store.failCreate(session.id);
    // A call that we gave less than its time says nothing about the region by not being answered.
    if (!wasRushed || error.code !== 'timeout') regions.noteFailure(session.region, error);
    // Somebody else's call may have succeeded while ours failed.
    return closed ? { state: 'failed', failure: error } : readAgain(session);
  }

  return {
    create: async (session, budgetMs) => {
      const gateway = regions.gatewayOf(session.region);
      if (!gateway) return (await store.failCreate(session.id)) ? { state: 'closed' } : readAgain(session);
      const timeoutMs = Math.max(MIN_TIMEOUT_MS, Math.min(CREATE_TIMEOUT_MS, budgetMs));
      try {
        const room = await gateway.createRoom(roomRequest(session), { timeoutMs });
        regions.noteSign(session.region);
        const live = await storeLive(session, room.sid);
        return live ? { state: 'live', session: live } : await readAgain(session);
      } catch (error) {
        return fail(session, error, timeoutMs < CREATE_TIMEOUT_MS);
      }
    },
  };
}

/** The same options for everybody who calls: whoever comes first decides them, and all say the same. */
export function roomRequest(session: Session): Parameters<NonNullable<ReturnType<SessionRegions['gatewayOf']>>['createRoom']>[0] {
  return {
    name: livekitRoomName(session),
    emptyTimeoutSeconds: session.emptyTimeoutSeconds,
    departureTimeoutSeconds: session.departureTimeoutSeconds,
    maxParticipants: session.maxParticipants ?? undefined,
    metadata: session.roomConfig.metadata,
    agents: session.roomConfig.agents,
  };
}
