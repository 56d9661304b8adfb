import type { ParticipantKind } from '../platform/livekit/livekit-message.ts';
import type { UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import { type EntryToKeep, type PresenceStore, createPresenceStore } from './presence-store.ts';
import { type Entry, participantMoved } from './session-events.ts';
import type { Session } from './session.ts';

/** One entry of a participant as LiveKit tells it. */
export interface SeenParticipant {
  readonly sid: string;
  readonly identity: string;
  readonly name: string;
  readonly kind: ParticipantKind | undefined;
  readonly joinedAt: Date | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

/** People are participants of these kinds. Recorders, ingress and agents count nowhere as people. */
export function isPerson({ kind, identity }: Pick<SeenParticipant, 'kind' | 'identity'>): boolean {
  return (kind === 'standard' || kind === 'sip' || kind === undefined) && !identity.startsWith('EG_');
}

/** Who was known inside at a moment of Postgres' clock: a list that is asked for afterwards is held against it. */
export interface PresenceMark {
  readonly at: Date;
  readonly participantSids: readonly string[];
}

export interface Presence {
  /** Merges what was seen: idempotent for each entry, in any order; a late "joined" never revives who has left. */
  joined(session: Session, participant: SeenParticipant): Promise<void>;
  /** Who left had joined, also when that was never told or is still on its way. */
  left(session: Session, participant: SeenParticipant): Promise<void>;
  /** To be taken before the list for `replace` is asked for. */
  mark(session: Session): Promise<PresenceMark>;
  /**
   * Makes the people inside those of a complete list. Clocks are not compared with LiveKit's: gone are those who were
   * known before the list was asked for and are not in it, back are those in it whose leaving was noted before.
   */
  replace(session: Session, participants: readonly SeenParticipant[], mark: PresenceMark): Promise<void>;
}

/** Everything that one change of a session's people needs, inside its transaction. */
interface Bound {
  readonly session: Session;
  readonly store: PresenceStore;
  readonly appendEvents: Work['appendEvents'];
}

export function createPresence({ unitOfWork }: { readonly unitOfWork: UnitOfWork }): Presence {
  /** The session's row is locked first, so that its events keep the order of their commits. */
  async function locked(session: Session, change: (bound: Bound) => Promise<number>): Promise<void> {
    await unitOfWork.run(async ({ db, appendEvents }) => {
      const open = await db.$queryRaw<unknown[]>`SELECT FROM session WHERE id = ${session.id} AND closed_at IS NULL FOR UPDATE`;
      if (open.length === 0) return;
      const store = createPresenceStore(db);
      const gone = await change({ session, store, appendEvents });
      await store.recount(session, gone > 0);
    });
  }

  return {
    joined: (session, participant) =>
      locked(session, async (bound) => {
        await enter(bound, [participant]);
        return 0;
      }),
    left: (session, participant) =>
      locked(session, async (bound) => {
        await enter(bound, [participant]);
        return leave(bound, [participant.sid]);
      }),
    mark: async ({ id }) => {
      const [clock] = await unitOfWork.db.$queryRaw<{ at: Date }[]>`SELECT now() AS at`;
      if (!clock) throw new Error('Postgres did not tell its time');
      return { at: clock.at, participantSids: await createPresenceStore(unitOfWork.db).listSids(id) };
    },
    replace: (session, participants, mark) =>
      locked(session, async (bound) => {
        await enter(bound, participants, mark.at);
        await bound.store.noteRead(session, mark.at);
        const present = new Set(participants.map(({ sid }) => sid));
        return leave(bound, mark.participantSids.filter((sid) => !present.has(sid)));
      }),
  };
}

async function enter({ session, store, appendEvents }: Bound, participants: readonly SeenParticipant[], seenAt?: Date): Promise<void> {
  const entries = new Map(participants.map((participant) => [participant.sid, toKeep(participant)]));
  const entered = await store.enter(session, [...entries.values()], seenAt);
  await store.noteGrantsUsed(session, entered.flatMap(({ participantSid }) => entries.get(participantSid) ?? []));
  await appendEvents(entered.map((entry) => participantMoved(session, 'joined', entry)));
}

async function leave({ session, store, appendEvents }: Bound, participantSids: readonly string[]): Promise<number> {
  if (participantSids.length === 0) return 0;
  const gone: Entry[] = await store.leave(session, participantSids);
  await appendEvents(gone.map((entry) => participantMoved(session, 'left', entry)));
  return gone.length;
}

function toKeep({ sid, identity, name, kind, joinedAt, attributes }: SeenParticipant): EntryToKeep {
  return {
    participantSid: sid,
    identity,
    displayName: name,
    role: attributes['meridian.role'] ?? null,
    kind: kind ?? 'standard',
    joinedAt,
    grantId: attributes['meridian.grant'],
  };
}
