import { forEachLimited } from '../kernel/limited.ts';
import type { LivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import type { LivekitRoom } from '../platform/livekit/livekit-message.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { type Presence, isPerson } from './presence.ts';
import type { SessionClosing } from './session-closing.ts';
import type { SessionRegions } from './session-ports.ts';
import { type Session, livekitRoomName } from './session.ts';
import { createReconcilerStore } from './session-reconciler-store.ts';
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
/** How long the people of a room are believed without being read. */
const PARTICIPANTS_EVERY_MS = 30_000;
/** A ghost takes 3 s to say nothing; others must not wait for it. */
const MENDS_AT_ONCE = 8;

/** One list of a region's rooms and when, by Postgres' clock, it was asked for. */
interface Round {
  readonly gateway: LivekitGateway;
  readonly listed: ReadonlyMap<string, LivekitRoom>;
  readonly askedAt: Date;
}

/** Closes the loop without any webhook: whatever was lost on the way is found here within a few seconds. */
export function createSessionReconciler(dependencies: SessionReconcilerDependencies): SessionReconciler {
  const { unitOfWork, regions, verdicts, logger } = dependencies;
  const store = createReconcilerStore(unitOfWork.db);
  return {
    reconcile: async (region, signal) => {
      await giveUpOpenings(dependencies, region);
      if (!regions.isHealthy(region)) verdicts.noteTrouble(region);
      const gateway = regions.gatewayOf(region);
      if (!gateway) return;
      const askedAt = await store.now();
      const rooms = await gateway.listRooms(undefined, { timeoutMs: LIST_TIMEOUT_MS, signal });
      if (regions.isHealthy(region)) verdicts.noteRecovery(region, askedAt);
      const round = { gateway, askedAt, listed: new Map(rooms.map((room) => [room.name, room])) };
      const open = await createSessionStore(unitOfWork.db).listOpenIn(region);
      await store.noteListed(open.filter((session) => round.listed.has(livekitRoomName(session))));
      await store.sweepStrays(region, round.listed.keys());
      await forEachLimited(open, MENDS_AT_ONCE, async (session) => {
        if (signal.aborted) return;
        await mend(dependencies, round, session).catch((error: unknown) => {
          verdicts.noteTrouble(region);
          logger.debug({ err: error, session: session.id }, 'a session could not be looked at; the next round does');
        });
      });
    },
  };
}

async function mend(dependencies: SessionReconcilerDependencies, round: Round, session: Session): Promise<void> {
  const { closing, regions, verdicts } = dependencies;
  // What became live after the list was asked for may be missing from it.
  if (!session.liveAt || session.liveAt >= round.askedAt) return;
  if (round.listed.has(livekitRoomName(session))) {
    const alive = await verdicts.judgeListed(session, round.gateway, round.askedAt);
    if (alive) await readParticipants(dependencies, round, session);
  } else if (session.inside > 0 || session.hiddenAt) {
    await verdicts.judgeUnlisted(session, round.gateway);
  } else if (regions.isHealthy(session.region)) {
    await closing.close(session, 'absent', 'empty');
  }
}

async function giveUpOpenings({ unitOfWork, logger }: SessionReconcilerDependencies, region: string): Promise<void> {
  const given = await createSessionStore(unitOfWork.db).failForgotten(region);
  if (given.length > 0) logger.warn({ sessions: given, region }, 'openings that nobody finished were closed');
}

async function readParticipants({ presence }: SessionReconcilerDependencies, { gateway, listed, askedAt }: Round, session: Session): Promise<void> {
  const name = livekitRoomName(session);
  const readMs = session.participantsReadAt?.getTime() ?? 0;
  const differs = listed.get(name)?.participants !== session.inside;
  if (!differs && askedAt.getTime() - readMs < PARTICIPANTS_EVERY_MS) return;
  const mark = await presence.mark(session);
  const participants = await gateway.listParticipants(name, { timeoutMs: LIST_TIMEOUT_MS });
  const people = participants.filter((each) => isPerson(each) && each.state !== 'disconnected');
  await presence.replace(session, people, mark);
}
