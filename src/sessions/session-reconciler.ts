import { forEachLimited } from '../kernel/limited.ts';
import type { LivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import type { LivekitRoom } from '../platform/livekit/livekit-message.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { type Presence, isPerson } from './presence.ts';
import type { SessionClosing } from './session-closing.ts';
import type { SessionRegions } from './session-ports.ts';
import { type Session, livekitRoomName, parseLivekitRoomName } from './session.ts';
import { createSessionStore } from './session-store.ts';
import type { SessionVerdicts } from './session-verdict.ts';

export interface SessionReconciler {
  /** One look at one region: compares LiveKit's rooms with our open sessions and mends what differs. */
  reconcile(region: string, signal: AbortSignal): Promise<void>;
}

export interface SessionReconcilerDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly regions: SessionRegions;
  readonly presence: Presence;
  readonly closing: SessionClosing;
  readonly verdicts: SessionVerdicts;
  readonly logger: Logger;
}

const LIST_TIMEOUT_MS = 5_000;
/** A CreateRoom that was not answered for a minute never will be. */
const OPENING_LIMIT_MS = 60_000;
/** How long the people of a room are believed without being read. */
const PARTICIPANTS_EVERY_MS = 30_000;
/** A session younger than the list itself may be missing from it. */
const LIST_MARGIN_MS = 1_000;
/** A ghost takes 3 s to say nothing; others must not wait for it. */
const MENDS_AT_ONCE = 8;

/** Closes the loop without any webhook: whatever was lost on the way is found here within a few seconds. */
export function createSessionReconciler(dependencies: SessionReconcilerDependencies): SessionReconciler {
  const { unitOfWork, regions } = dependencies;
  return {
    reconcile: async (region, signal) => {
      const gateway = regions.gatewayOf(region);
      if (!gateway) return;
      const askedAt = new Date();
      const rooms = await gateway.listRooms(undefined, { timeoutMs: LIST_TIMEOUT_MS, signal });
      regions.noteSign(region);
      const listed = new Map(rooms.map((room) => [room.name, room]));
      const open = await createSessionStore(unitOfWork.db).listOpenIn(region);
      await noteListed(unitOfWork, open, listed);
      await forEachLimited(open, MENDS_AT_ONCE, async (session) => {
        if (!signal.aborted) await mend(dependencies, gateway, session, listed.get(livekitRoomName(session)), askedAt);
      });
      await sweepStrays(dependencies, region, open, rooms);
    },
  };
}

/** One statement for all: the list is a sign of each room in it, and ends any doubt whether it is listed. */
async function noteListed({ db }: UnitOfWork, open: readonly Session[], listed: ReadonlyMap<string, LivekitRoom>): Promise<void> {
  const ids = open.filter((session) => listed.has(livekitRoomName(session))).map(({ id }) => id);
  if (ids.length === 0) return;
  await db.$executeRaw`
    UPDATE session SET last_sign_at = now(), doubtful_at = NULL, hidden_at = NULL
    WHERE id = ANY(${ids}) AND closed_at IS NULL`;
}

async function mend(
  dependencies: SessionReconcilerDependencies,
  gateway: LivekitGateway,
  session: Session,
  listed: LivekitRoom | undefined,
  askedAt: Date,
): Promise<void> {
  if (!session.liveAt) {
    await giveUpOpening(dependencies, session, askedAt);
    return;
  }
  if (session.liveAt.getTime() > askedAt.getTime() - LIST_MARGIN_MS) return;
  if (listed) {
    const alive = await dependencies.verdicts.judgeListed(session, gateway);
    if (alive) await readParticipants(dependencies, gateway, session, listed, askedAt);
  } else if (session.inside === 0 && !session.hiddenAt) await dependencies.closing.close(session, 'absent');
  else await dependencies.verdicts.judgeUnlisted(session, gateway);
}

async function giveUpOpening({ unitOfWork, logger }: SessionReconcilerDependencies, session: Session, askedAt: Date): Promise<void> {
  const ageMs = askedAt.getTime() - session.openedAt.getTime();
  if (ageMs < OPENING_LIMIT_MS) return;
  const closed = await createSessionStore(unitOfWork.db).failCreate(session.id);
  if (closed) logger.warn({ session: session.id, region: session.region }, 'an opening that nobody finished was closed');
}

async function readParticipants(
  { presence }: SessionReconcilerDependencies,
  gateway: LivekitGateway,
  session: Session,
  listed: LivekitRoom,
  askedAt: Date,
): Promise<void> {
  const readMs = session.participantsReadAt?.getTime() ?? 0;
  const differs = listed.participants !== session.inside;
  if (!differs && askedAt.getTime() - readMs < PARTICIPANTS_EVERY_MS) return;
  const readAt = new Date();
  const participants = await gateway.listParticipants(livekitRoomName(session), { timeoutMs: LIST_TIMEOUT_MS });
  const people = participants.filter((each) => isPerson(each) && each.state !== 'disconnected');
  await presence.replace(session, people, readAt);
}

/** Rooms that LiveKit has and we do not: those of our closed sessions are deleted; strangers are left alone. */
async function sweepStrays({ unitOfWork, closing }: SessionReconcilerDependencies, region: string, open: readonly Session[], rooms: readonly LivekitRoom[]): Promise<void> {
  const known = new Set(open.map(livekitRoomName));
  const store = createSessionStore(unitOfWork.db);
  for (const { name } of rooms) {
    const ours = known.has(name) ? undefined : parseLivekitRoomName(name);
    const session = ours && (await store.findByEpoch(ours.roomId, ours.epoch));
    if (session?.closedAt && session.region === region) await closing.sweepLater(session, 'unless-due');
  }
}
