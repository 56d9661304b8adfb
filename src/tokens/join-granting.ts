import { isAppError } from '../kernel/app-error.ts';
import type { Freshness } from '../coordination/freshness.ts';
import type { Clock } from '../kernel/clock.ts';
import { makeId } from '../kernel/ids.ts';
import { isDatabaseAway } from '../platform/database/database-failure.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import { networkPrefix } from '../platform/http/client-ip.ts';
import type { Call } from '../platform/http/route.ts';
import { signJoinToken } from '../platform/livekit/livekit-token.ts';
import type { RoomEntry } from '../rooms/rooms-module.ts';
import { type Entered, type SessionService, livekitRoomName } from '../sessions/sessions-module.ts';
import type { Admission } from './admission.ts';
import type { JoinAsk, Joined, TokenRegion } from './join.ts';
import type { JoinGrantRecord } from './join-grant.ts';
import type { JoinGrantLog } from './join-grant-log.ts';
import { takeSeat } from './join-grant-store.ts';
import { grantsOf } from './role.ts';

export interface GrantingDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly sessions: Pick<SessionService, 'noteGrant'>;
  /** @throws AppError `region.unknown`. */
  readonly getRegion: (id: string) => TokenRegion;
  readonly grants: Pick<JoinGrantLog, 'append'>;
  readonly freshness: Pick<Freshness, 'isCutOff' | 'hurry'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly tokenTtlSeconds: number;
}

/** Somebody whom the room admits, and the live session that the token is for. */
export interface Granting {
  readonly entry: RoomEntry;
  readonly ask: JoinAsk;
  readonly call: Call;
  readonly admission: Admission;
  readonly entered: Entered;
}

/**
 * Writes the grant and signs the token. Without a maximum nothing is awaited between the session's confirmation and
 * the signature; with one, the seat is the newest confirmation.
 * @returns undefined when the session turned out to be over.
 */
export function grantEntry(dependencies: GrantingDependencies, granting: Granting): Joined | Promise<Joined | undefined> {
  const { session } = granting.entered;
  const record = recordOf(granting, dependencies.clock.nowMs());
  if (session.maxParticipants !== null) return grantSeat(dependencies, granting, record, session.maxParticipants);
  dependencies.grants.append(record);
  return toJoined(dependencies, granting, record);
}

/** Cut off from Postgres, LiveKit's own maximum is the limit, and the grant is remembered for later. */
async function grantSeat(dependencies: GrantingDependencies, granting: Granting, record: JoinGrantRecord, maxParticipants: number): Promise<Joined | undefined> {
  try {
    if (!(await takeSeat(dependencies.unitOfWork, record, maxParticipants))) return undefined;
  } catch (error) {
    if (!isDatabaseAway(error) && !isAppError(error, 'dependency.unavailable')) throw error;
    // A busy database is no reason to overfill a room; only an absent one is, and a poll tells them apart.
    await dependencies.freshness.hurry();
    if (!dependencies.freshness.isCutOff()) throw error;
    dependencies.grants.append(record);
  }
  return toJoined(dependencies, granting, record);
}

function toJoined(dependencies: GrantingDependencies, granting: Granting, record: JoinGrantRecord): Joined {
  const { getRegion, sessions, tokenTtlSeconds } = dependencies;
  const { entry, admission, entered } = granting;
  const { session, decision } = entered;
  const region = getRegion(session.region);
  sessions.noteGrant(session, record.id);
  const issuedMs = Math.floor(record.at.getTime() / 1000) * 1000;
  return {
    admission,
    entry,
    session,
    region,
    token: signToken(dependencies, granting, region, record),
    expiresAt: new Date(issuedMs + tokenTtlSeconds * 1000),
    decision: decision
      ? { id: decision.id, rule: decision.rule ?? 'default', reason: decision.reason }
      : { id: session.decisionId, rule: 'live', reason: `The meeting is live in ${region.name}, and everybody meets there.` },
  };
}

function recordOf({ entry, call, admission, entered }: Granting, nowMs: number): JoinGrantRecord {
  return {
    id: makeId('grant', nowMs),
    tenantId: entry.room.tenantId,
    roomId: entry.room.id,
    sessionId: entered.session.id,
    identity: admission.identity,
    role: admission.role,
    region: entered.session.region,
    at: new Date(nowMs),
    networkPrefix: networkPrefix(call.address) ?? null,
  };
}

function signToken({ tokenTtlSeconds }: GrantingDependencies, granting: Granting, region: TokenRegion, record: JoinGrantRecord): string {
  const { entry, ask, admission, entered } = granting;
  return signJoinToken(region.signingKey, {
    identity: admission.identity,
    name: admission.displayName,
    metadata: ask.metadata ?? '',
    attributes: {
      ...ask.attributes,
      'meridian.role': admission.role,
      'meridian.room': entry.room.id,
      'meridian.region': region.id,
      'meridian.grant': record.id,
    },
    kind: 'standard',
    grant: grantsOf(admission.role, livekitRoomName(entered.session), entry.effective.permissions.value),
    ttlSeconds: tokenTtlSeconds,
    nowMs: record.at.getTime(),
  });
}
