import type { NewEvent } from '../platform/database/unit-of-work.ts';
import type { Session } from './session.ts';

type SessionFacts = Pick<Session, 'id' | 'roomId' | 'tenantId' | 'epoch' | 'region'>;

function sessionData({ id, roomId, epoch, region }: SessionFacts): Record<string, unknown> {
  return { roomId, sessionId: id, epoch, region };
}

export function sessionOpened(session: SessionFacts): NewEvent {
  return {
    log: session.tenantId,
    type: 'session.opened',
    subject: { kind: 'session', id: session.id },
    transition: 'opened',
    data: sessionData(session),
  };
}

export function sessionClosed(session: SessionFacts, reason: string): NewEvent {
  return {
    log: session.tenantId,
    type: 'session.closed',
    subject: { kind: 'session', id: session.id },
    transition: 'closed',
    data: { ...sessionData(session), reason },
  };
}

/** One entry of one person: LiveKit gives each entry a participant sid of its own. */
export interface Entry {
  readonly participantSid: string;
  readonly identity: string;
  readonly displayName: string;
  readonly role: string | null;
}

export function participantMoved(session: SessionFacts, moved: 'joined' | 'left', entry: Entry): NewEvent {
  const { participantSid, ...who } = entry;
  return {
    log: session.tenantId,
    type: `participant.${moved}`,
    subject: { kind: 'participant', id: participantSid },
    transition: moved,
    data: { ...sessionData(session), ...who, ...userOf(entry.identity) },
  };
}

/** Identities of users are `u:<user>` or `u:<user>~<device>`, percent-encoded. */
function userOf(identity: string): { userId?: string } {
  const user = /^u:([^~]+)/.exec(identity)?.[1];
  return user === undefined ? {} : { userId: decodeURIComponent(user) };
}
