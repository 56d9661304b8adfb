import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { LivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { SessionClosing } from './session-closing.ts';
import type { RoomStates, SessionRegions } from './session-ports.ts';
import { type Session, livekitRoomName } from './session.ts';

/** Whether a room that is listed, or is not, is alive: its node is asked, since lists lie after a crash. */
export interface SessionVerdicts {
  /** A listed room without a word of its node for a while. False when it was found dead now or is suspected. */
  judgeListed(session: Session, gateway: LivekitGateway): Promise<boolean>;
  /** A room with people that is not listed: gone, or hidden by a Redis that came back empty. */
  judgeUnlisted(session: Session, gateway: LivekitGateway): Promise<void>;
  /** After trouble of its region every room is asked once, whatever it said before. */
  noteTrouble(region: string): void;
}

export interface SessionVerdictDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly closing: SessionClosing;
  readonly regions: Pick<SessionRegions, 'isHealthy'>;
  readonly rooms: Pick<RoomStates, 'invalidate'>;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

/** LiveKit's webhooks and our own questions keep a healthy room well below this. */
const NODE_SILENCE_MS = 30_000;
/** The second question comes this much later: one lost answer is no death. */
const SECOND_QUESTION_MS = 10_000;

export function createSessionVerdicts(dependencies: SessionVerdictDependencies): SessionVerdicts {
  const { nowMs } = dependencies;
  const troubledAtMs = new Map<string, number>();

  function isDue(session: Session): boolean {
    const nodeSignMs = session.nodeSignAt?.getTime() ?? 0;
    const troubled = nodeSignMs <= (troubledAtMs.get(session.region) ?? -1);
    return troubled || session.silentAt !== null || nowMs() - nodeSignMs >= NODE_SILENCE_MS;
  }

  return {
    noteTrouble: (region) => void troubledAtMs.set(region, nowMs()),
    judgeListed: async (session, gateway) => {
      if (!isDue(session)) return true;
      const answer = await gateway.probeRoomNode(livekitRoomName(session));
      if (answer === 'answers') await noteAnswer(dependencies, session);
      else await noteSilence(dependencies, session, 'lost');
      return answer === 'answers';
    },
    judgeUnlisted: async (session, gateway) => {
      const answer = await gateway.probeRoomNode(livekitRoomName(session));
      if (answer === 'answers') await noteHidden(dependencies, session);
      else await noteSilence(dependencies, session, 'absent');
    },
  };
}

async function noteAnswer({ unitOfWork }: SessionVerdictDependencies, session: Session): Promise<void> {
  await unitOfWork.db.$executeRaw`
    UPDATE session SET node_sign_at = now(), last_sign_at = now(), silent_at = NULL, hidden_at = NULL, doubtful_at = NULL
    WHERE id = ${session.id} AND closed_at IS NULL`;
}

async function noteHidden({ unitOfWork, rooms, logger }: SessionVerdictDependencies, session: Session): Promise<void> {
  await unitOfWork.db.$executeRaw`
    UPDATE session SET hidden_at = coalesce(hidden_at, now()), doubtful_at = NULL, silent_at = NULL, node_sign_at = now()
    WHERE id = ${session.id} AND closed_at IS NULL`;
  rooms.invalidate(session.roomId);
  if (!session.hiddenAt) logger.warn({ session: session.id, region: session.region }, 'a room is hidden: its node answers, but its region has lost it from the list');
}

/** Absent from the list and silent is enough; listed and silent must be so twice, while the region is healthy. */
async function noteSilence({ unitOfWork, closing, regions, logger, nowMs }: SessionVerdictDependencies, session: Session, verdict: 'lost' | 'absent'): Promise<void> {
  if (!regions.isHealthy(session.region)) return;
  const silentForMs = session.silentAt ? nowMs() - session.silentAt.getTime() : 0;
  if (verdict === 'absent' || silentForMs >= SECOND_QUESTION_MS) {
    const closed = await closing.close(session, verdict);
    if (closed) logger.warn({ session: session.id, region: session.region, verdict }, 'a meeting was found dead; its room reopens at the next join');
    return;
  }
  if (session.silentAt) return;
  await unitOfWork.db.$executeRaw`UPDATE session SET silent_at = now() WHERE id = ${session.id} AND closed_at IS NULL`;
}
