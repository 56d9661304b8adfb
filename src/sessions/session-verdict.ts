import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { LivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { SessionClosing } from './session-closing.ts';
import type { RoomStates, SessionRegions } from './session-ports.ts';
import { type Session, livekitRoomName } from './session.ts';

/** Whether a room that is listed, or is not, is alive: its node is asked, since lists lie after a crash. */
export interface SessionVerdicts {
  /** A listed room without a word of its node for a while. False when it was found dead now or is suspected. */
  judgeListed(session: Session, gateway: LivekitGateway, now: Date): Promise<boolean>;
  /** A room with people that is not listed: gone, or hidden by a Redis that came back empty. */
  judgeUnlisted(session: Session, gateway: LivekitGateway): Promise<void>;
  noteTrouble(region: string): void;
  /** Its trouble, if there was any, is over by this time of Postgres: every room is asked once, whatever it said before. */
  noteRecovery(region: string, at: Date): void;
}

export interface SessionVerdictDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly closing: SessionClosing;
  readonly regions: Pick<SessionRegions, 'isHealthy'>;
  readonly rooms: Pick<RoomStates, 'invalidate'>;
  readonly logger: Logger;
}

/** LiveKit's webhooks and our own questions keep a healthy room well below this. */
const NODE_SILENCE_MS = 30_000;

export function createSessionVerdicts(dependencies: SessionVerdictDependencies): SessionVerdicts {
  const inTrouble = new Set<string>();
  const recoveredAt = new Map<string, Date>();

  function isDue({ region, nodeSignAt, silentAt }: Session, now: Date): boolean {
    if (silentAt || !nodeSignAt || now.getTime() - nodeSignAt.getTime() >= NODE_SILENCE_MS) return true;
    const recovered = recoveredAt.get(region);
    return recovered !== undefined && nodeSignAt < recovered;
  }

  return {
    noteTrouble: (region) => void inTrouble.add(region),
    noteRecovery: (region, at) => {
      if (inTrouble.delete(region)) recoveredAt.set(region, at);
    },
    judgeListed: async (session, gateway, now) => {
      if (!isDue(session, now)) return true;
      const answer = await gateway.probeRoomNode(livekitRoomName(session));
      if (answer === 'answers') await noteAnswer(dependencies, session);
      else await noteGhost(dependencies, session);
      return answer === 'answers';
    },
    judgeUnlisted: async (session, gateway) => {
      const answer = await gateway.probeRoomNode(livekitRoomName(session));
      if (answer === 'answers') await noteHidden(dependencies, session);
      else if (dependencies.regions.isHealthy(session.region)) await endDead(dependencies, session, 'absent');
    },
  };
}

async function noteAnswer({ unitOfWork }: SessionVerdictDependencies, session: Session): Promise<void> {
  await unitOfWork.db.$executeRaw`
    UPDATE session SET node_sign_at = now(), last_sign_at = now(), silent_at = NULL
    WHERE id = ${session.id} AND closed_at IS NULL`;
}

async function noteHidden({ unitOfWork, rooms, logger }: SessionVerdictDependencies, session: Session): Promise<void> {
  await unitOfWork.db.$executeRaw`
    UPDATE session SET hidden_at = coalesce(hidden_at, now()), doubtful_at = NULL, silent_at = NULL, node_sign_at = now()
    WHERE id = ${session.id} AND closed_at IS NULL`;
  rooms.invalidate(session.roomId);
  if (!session.hiddenAt) logger.warn({ session: session.id, region: session.region }, 'a room is hidden: its node answers, but its region has lost it from the list');
}

/** Listed and silent must be so twice; absent from the list, once is enough. Nobody is judged in a region that is not healthy. */
async function noteGhost(dependencies: SessionVerdictDependencies, session: Session): Promise<void> {
  if (!dependencies.regions.isHealthy(session.region) || (await endDead(dependencies, session, 'lost'))) return;
  await dependencies.unitOfWork.db.$executeRaw`
    UPDATE session SET silent_at = now() WHERE id = ${session.id} AND closed_at IS NULL AND silent_at IS NULL`;
}

async function endDead({ closing, logger }: SessionVerdictDependencies, session: Session, verdict: 'lost' | 'absent'): Promise<boolean> {
  const closed = await closing.close(session, verdict, verdict === 'lost' ? 'silent' : 'open');
  if (closed) logger.warn({ session: session.id, region: session.region, verdict }, 'a meeting was found dead; its room reopens at the next join');
  return closed !== undefined;
}
