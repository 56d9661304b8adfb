import type { LivekitHandler, StoredWebhook } from '../platform/livekit/livekit-handler.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import { type Presence, type SeenParticipant, isPerson } from './presence.ts';
import type { SessionClosing } from './session-closing.ts';
import type { SessionMemory } from './session-memory.ts';
import type { RoomStates } from './session-ports.ts';
import { type Session, parseLivekitRoomName } from './session.ts';
import { createSessionStore } from './session-store.ts';

export interface SessionHandlerDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly presence: Presence;
  readonly closing: SessionClosing;
  readonly memory: SessionMemory;
  readonly rooms: Pick<RoomStates, 'expire'>;
}

const EVENTS = ['room_started', 'room_finished', 'participant_joined', 'participant_left', 'participant_connection_aborted', 'track_published', 'track_unpublished'];

/** What sessions learn from LiveKit's webhooks. Each is a rumour: merged, and repeated by the reconciler if it is lost. */
export function createSessionHandlers(dependencies: SessionHandlerDependencies): LivekitHandler[] {
  return [{ name: 'sessions', events: EVENTS, handle: (webhook) => handle(dependencies, webhook) }];
}

async function handle(dependencies: SessionHandlerDependencies, webhook: StoredWebhook): Promise<void> {
  const { region, event } = webhook;
  const session = event.room && (await findSession(dependencies, region, event.room));
  if (!session) return;
  if (session.closedAt) {
    // Somebody is in a LiveKit room that should be gone; the clean-up deletes it again.
    if (event.type === 'room_started' || event.type === 'participant_joined') await dependencies.closing.sweepLater(session);
    return;
  }
  if (event.type === 'room_finished') {
    if (session.livekitSid === event.room?.sid) await dependencies.closing.close(session, 'finished');
    return;
  }
  await merge(dependencies, session, webhook);
}

async function findSession({ unitOfWork }: SessionHandlerDependencies, region: string, room: { readonly name: string }): Promise<Session | undefined> {
  const named = parseLivekitRoomName(room.name);
  const session = named && (await createSessionStore(unitOfWork.db).findByEpoch(named.roomId, named.epoch));
  // A signed word of one region about a room of another is no word at all.
  return session?.region === region ? session : undefined;
}

/** It counts as a sign of when it came, not of when it is handled: that may be much later, or once more. */
async function merge(dependencies: SessionHandlerDependencies, session: Session, { event, receivedAt }: StoredWebhook): Promise<void> {
  const { presence, memory, rooms, unitOfWork } = dependencies;
  memory.noteSign(session.id, receivedAt.getTime());
  await unitOfWork.db.$executeRaw`
    UPDATE session SET last_sign_at = greatest(last_sign_at, ${receivedAt}), node_sign_at = greatest(node_sign_at, ${receivedAt}),
                       silent_at = CASE WHEN silent_at > ${receivedAt} THEN silent_at END
    WHERE id = ${session.id} AND closed_at IS NULL`;
  const { participant } = event;
  if (!participant || !isPerson(participant) || !(await moved(presence, session, event.type, participant))) return;
  const grant = participant.attributes['meridian.grant'];
  if (grant !== undefined) memory.noteSeen(session.id, grant);
  rooms.expire(session.roomId);
}

async function moved(presence: Presence, session: Session, type: string, participant: SeenParticipant): Promise<boolean> {
  if (type === 'participant_joined') await presence.joined(session, participant);
  else if (type === 'participant_left') await presence.left(session, participant);
  else return false;
  return true;
}
