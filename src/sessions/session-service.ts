import type { Page, PageRequest } from '../kernel/page.ts';
import type { UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import type { RoomEntry } from '../rooms/rooms-module.ts';
import type { By } from '../tenants/tenants-module.ts';
import type { SessionAbandonment } from './session-abandonment.ts';
import type { SessionClosing } from './session-closing.ts';
import type { Entered, SessionEntering } from './session-entering.ts';
import { sessionNotFound } from './session-errors.ts';
import type { SessionMemory } from './session-memory.ts';
import type { OpeningAsk } from './session-opening.ts';
import type { SessionRooms } from './session-rooms.ts';
import type { CloseReason, Session, SessionFilter } from './session.ts';
import { createSessionStore } from './session-store.ts';

export interface SessionService {
  /** The live session that a token may be minted for; opens the next one where none is live. */
  enter(entry: RoomEntry, ask: OpeningAsk): Entered | Promise<Entered>;
  /** Remembers that a token went out, so that a later join notices if nobody comes in. */
  noteGrant(session: Session, grantId: string): void;
  /** Ends the meeting in Postgres at once; false when there was none. What follows is told to `afterCommit`. */
  endIn(work: Work, roomId: string, reason: CloseReason): Promise<Session | undefined>;
  afterCommit(closed: Session): void;
  /** Ends a room's meeting, if there is one. */
  end(room: { readonly id: string; readonly tenantId: string }, by: By): Promise<void>;
  /** @throws AppError `session.not-found`, also for another tenant's. */
  get(id: string, tenantId: string): Promise<Session>;
  list(filter: SessionFilter, page: PageRequest): Promise<Page<Session>>;
  findNewest(roomId: string): Promise<Session | undefined>;
  findOpen(roomId: string): Promise<Session | undefined>;
  listOpenOf(roomIds: readonly string[]): Promise<Session[]>;
  countOpenIn(region: string): Promise<number>;
  abandonAll(work: Work, region: string): Promise<Session[]>;
  /** Waits for background work that is under way; after the last round of the schedules. */
  stop(): Promise<void>;
}

export interface SessionServiceDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly rooms: SessionRooms;
  readonly entering: SessionEntering;
  readonly closing: SessionClosing;
  readonly abandonment: SessionAbandonment;
  readonly memory: SessionMemory;
  readonly nowMs: () => number;
  readonly stop: () => Promise<void>;
}

export function createSessionService(dependencies: SessionServiceDependencies): SessionService {
  const { unitOfWork, rooms, entering, closing, abandonment, memory, nowMs } = dependencies;
  const store = createSessionStore(unitOfWork.db);

  async function endIn(work: Work, roomId: string, reason: CloseReason): Promise<Session | undefined> {
    const open = await createSessionStore(work.db).findOpen(roomId);
    return open && closing.closeIn(work, open, reason);
  }

  async function end(room: { readonly id: string; readonly tenantId: string }, by: By): Promise<void> {
    const closed = await unitOfWork.run(async (work) => {
      const session = await endIn(work, room.id, 'ended');
      await work.appendAudit({ ...by, action: 'room.end', subject: room.id, after: session && { sessionId: session.id }, tenantId: room.tenantId });
      return session;
    });
    if (closed) closing.afterCommit(closed);
  }

  return {
    enter: (entry, ask) => entering.enter(rooms.stateOf(entry), ask),
    noteGrant: (session, grantId) => memory.noteGrant(session.id, grantId, nowMs()),
    endIn,
    end,
    afterCommit: closing.afterCommit,
    get: async (id, tenantId) => {
      const session = await store.find(id);
      if (session?.tenantId !== tenantId) throw sessionNotFound();
      return session;
    },
    list: store.list,
    findNewest: store.findNewest,
    findOpen: store.findOpen,
    listOpenOf: store.listOpenOf,
    countOpenIn: store.countOpenIn,
    abandonAll: abandonment.abandonAll,
    stop: dependencies.stop,
  };
}
