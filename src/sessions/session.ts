import type { RoomId, SessionId } from '../kernel/ids.ts';
import { isId } from '../kernel/ids.ts';

/** Why a session ended. `create-failed` never was live. */
export const CLOSE_REASONS = ['finished', 'absent', 'ended', 'room-deleted', 'lost', 'region-lost', 'residency', 'create-failed'] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** One live incarnation of a room, in exactly one region. `liveAt` is null until its LiveKit room was made. */
export interface Session {
  readonly id: SessionId;
  readonly roomId: RoomId;
  readonly tenantId: string;
  /** Counts the incarnations of the room; only grows, never skips back, and stands in the LiveKit room's name. */
  readonly epoch: number;
  readonly region: string;
  readonly decisionId: string;
  readonly emptyTimeoutSeconds: number;
  readonly departureTimeoutSeconds: number;
  readonly maxParticipants: number | null;
  readonly roomConfig: RoomConfig;
  readonly openedAt: Date;
  readonly liveAt: Date | null;
  readonly livekitSid: string | null;
  readonly closedAt: Date | null;
  readonly closeReason: CloseReason | null;
  readonly lastSignAt: Date | null;
  readonly nodeSignAt: Date | null;
  /** People known inside; recorders, ingress and agents are no people. */
  readonly inside: number;
  readonly lastLeftAt: Date | null;
  readonly participantsReadAt: Date | null;
  readonly doubtfulAt: Date | null;
  readonly hiddenAt: Date | null;
  readonly silentAt: Date | null;
  readonly createCalledAt: Date | null;
}

/** What CreateRoom gets beside the time-outs; fixed when the session is opened, since a second call changes nothing. */
export interface RoomConfig {
  readonly metadata?: string | undefined;
  readonly agents?: readonly { readonly name: string; readonly metadata?: string | undefined }[] | undefined;
}

/** What a list of sessions is narrowed to. */
export interface SessionFilter {
  readonly tenantId?: string;
  readonly roomId?: string;
  readonly region?: string;
  readonly open?: boolean;
}

/** The LiveKit room of a session. A token of an old epoch names a room that nobody can make any more. */
export function livekitRoomName(session: Pick<Session, 'roomId' | 'epoch'>): string {
  return `${session.roomId}.${session.epoch}`;
}

/** Reads a LiveKit room name of ours; undefined for rooms that somebody else made. */
export function parseLivekitRoomName(name: string): { readonly roomId: RoomId; readonly epoch: number } | undefined {
  const [roomId = '', epoch = '', ...rest] = name.split('.');
  if (rest.length > 0 || !isId('room', roomId) || !/^[1-9]\d{0,8}$/.test(epoch)) return undefined;
  return { roomId, epoch: Number(epoch) };
}

/** A grant younger than this cannot be missed inside yet; one older than a minute says nothing any more. */
const UNSEEN_GRANT_MIN_MS = 3_000;
const UNSEEN_GRANT_MAX_MS = 60_000;
/** How near to a time-out a room counts as one that may have ended. */
const TIMEOUT_MARGIN_MS = 10_000;
/** LiveKit's own stats come every few seconds, the reconciler's list every five: three of them missed. */
const SILENCE_LIMIT_MS = 15_000;

export interface LookFacts {
  readonly nowMs: number;
  /** Newest word about the room that this process knows of, besides the row's. */
  readonly lastSignMs: number;
  /** Times of this process' own grants that were not seen inside since. */
  readonly unseenGrantsMs: readonly number[];
}

export type LookReason = 'may-have-ended' | 'grant-unseen' | 'silence';

/**
 * Whether a join must look at LiveKit before it trusts that the room is still there. Without a reason the way of a
 * join touches no network.
 */
export function lookReason(session: Session, facts: LookFacts): LookReason | undefined {
  if (session.inside === 0 && mayHaveEnded(session, facts.nowMs)) return 'may-have-ended';
  const unseen = facts.unseenGrantsMs.some((atMs) => {
    const ageMs = facts.nowMs - atMs;
    return ageMs >= UNSEEN_GRANT_MIN_MS && ageMs <= UNSEEN_GRANT_MAX_MS;
  });
  if (unseen) return 'grant-unseen';
  const signMs = Math.max(facts.lastSignMs, session.lastSignAt?.getTime() ?? 0, session.liveAt?.getTime() ?? 0);
  return facts.nowMs - signMs >= SILENCE_LIMIT_MS ? 'silence' : undefined;
}

function mayHaveEnded({ liveAt, lastLeftAt, emptyTimeoutSeconds, departureTimeoutSeconds }: Session, nowMs: number): boolean {
  const sinceMs = (lastLeftAt ?? liveAt)?.getTime() ?? nowMs;
  const timeoutMs = (lastLeftAt ? departureTimeoutSeconds : emptyTimeoutSeconds) * 1000;
  return nowMs - sinceMs >= timeoutMs - TIMEOUT_MARGIN_MS;
}

/** A row younger than this is good enough to judge `lookReason` by: it must be read again before a room can have ended. */
export function presenceMaxAgeMs({ departureTimeoutSeconds }: Pick<Session, 'departureTimeoutSeconds'>): number {
  return Math.min(12_000, Math.max(1_000, departureTimeoutSeconds * 1000 - TIMEOUT_MARGIN_MS));
}
