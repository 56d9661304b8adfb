import { AppError, dependencyUnavailable, isAppError } from '../kernel/app-error.ts';
import type { Freshness } from '../coordination/freshness.ts';
import type { Clock } from '../kernel/clock.ts';
import { makeId } from '../kernel/ids.ts';
import { isDatabaseAway } from '../platform/database/database-failure.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import { type Actor, actorName } from '../platform/http/actor.ts';
import { networkPrefix } from '../platform/http/client-ip.ts';
import type { Call } from '../platform/http/route.ts';
import { type SigningKey, signJoinToken } from '../platform/livekit/livekit-token.ts';
import { residencyAllows } from '../placements/placements-module.ts';
import { type RoomDirectory, type RoomEntry, roomNotFound } from '../rooms/rooms-module.ts';
import { type Entered, type RoomConfig, type Session, type SessionService, livekitRoomName } from '../sessions/sessions-module.ts';
import { type Admission, type AdmissionAsk, admit } from './admission.ts';
import type { JoinGrantRecord } from './join-grant.ts';
import type { JoinGrantLog } from './join-grant-log.ts';
import { takeSeat } from './join-grant-store.ts';
import type { RejoinTokens } from './rejoin-token.ts';
import { grantsOf } from './role.ts';

/** A region as a token needs it. */
export interface TokenRegion {
  readonly id: string;
  readonly name: string;
  readonly jurisdiction: string;
  readonly storageJurisdiction?: string | undefined;
  /** Where clients connect to. */
  readonly publicUrl: string;
  /** The newest key in use for signing. */
  readonly signingKey: SigningKey;
}

export interface JoinAsk extends AdmissionAsk {
  readonly metadata?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  readonly region?: string | undefined;
  readonly latencies?: readonly { readonly region: string; readonly rttMs: number }[] | undefined;
  readonly avoidRegion?: string | undefined;
  readonly roomConfig?: RoomConfig | undefined;
}

/** What a client needs to enter, and why it is sent there. */
export interface Joined {
  readonly admission: Admission;
  readonly entry: RoomEntry;
  readonly session: Session;
  readonly region: TokenRegion;
  readonly token: string;
  readonly expiresAt: Date;
  readonly decision: { readonly id: string; readonly rule: string; readonly reason: string };
}

export interface JoinService {
  /** Lets the caller into the room's live session, opening it where needed, and signs the token. */
  join(entry: RoomEntry, ask: JoinAsk, call: Call): Promise<Joined>;
}

export interface JoinServiceDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly directory: Pick<RoomDirectory, 'read'>;
  readonly sessions: SessionService;
  readonly findRegion: (id: string) => TokenRegion | undefined;
  readonly grants: JoinGrantLog;
  readonly rejoinTokens: RejoinTokens;
  readonly freshness: Pick<Freshness, 'isCutOff' | 'hurry'>;
  readonly clock: Clock;
  readonly tokenTtlSeconds: number;
}

/** A session may end between its confirmation and the seat in it; more often than this it is not a meeting. */
const MAX_TURNS = 3;

export function createJoinService(dependencies: JoinServiceDependencies): JoinService {
  const { sessions, directory, rejoinTokens, findRegion } = dependencies;

  async function enterAndGrant(first: RoomEntry, ask: JoinAsk, call: Call, admission: Admission): Promise<Joined> {
    let entry = first;
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const entering = sessions.enter(entry, openingAskOf(ask, call));
      const entered = entering instanceof Promise ? await entering : entering;
      const granted = grant(dependencies, { entry, ask, call, admission, entered });
      const joined = granted instanceof Promise ? await granted : granted;
      if (joined) return joined;
      const anew = await directory.read(entry.room.id);
      if (!anew) throw roomNotFound();
      entry = anew;
    }
    throw dependencyUnavailable('The room is changing faster than it can be entered: it');
  }

  return {
    join: async (entry, ask, call) => {
      const admission = admit(call.actor, entry, ask, rejoinTokens);
      if (ask.region !== undefined) assertChoosable(entry, ask.region, findRegion);
      if (ask.avoidRegion !== undefined) getRegion(ask.avoidRegion, findRegion, 'avoidRegion');
      return enterAndGrant(entry, ask, call, admission);
    },
  };
}

function openingAskOf(ask: JoinAsk, call: Call): Parameters<SessionService['enter']>[1] {
  return {
    placement: {
      address: call.address,
      trustedPeer: call.trustedPeer,
      header: call.header,
      clientRegion: ask.region ?? null,
      latencies: ask.latencies ?? [],
      avoidRegion: ask.avoidRegion ?? null,
    },
    roomConfig: ask.roomConfig ?? {},
    by: { actor: actorName(call.actor), requestId: call.requestId },
  };
}

function getRegion(id: string, findRegion: JoinServiceDependencies['findRegion'], path = 'region'): TokenRegion {
  const region = findRegion(id);
  if (!region) throw new AppError('region.unknown', { detail: `There is no region ${id}.`, errors: [{ path, message: 'is not a region of this deployment' }] });
  return region;
}

/** A region that the room does not allow is refused, never ignored. */
function assertChoosable({ placement }: RoomEntry, id: string, findRegion: JoinServiceDependencies['findRegion']): void {
  const region = getRegion(id, findRegion);
  const { allow, deny } = placement.tenantRegions;
  const tenantAllows = (allow === undefined || allow.includes(id)) && !(deny ?? []).includes(id);
  if (!placement.clientChoice || !tenantAllows || !residencyAllows(placement.residency, region, placement.mustRecord !== null)) {
    throw new AppError('region.not-allowed', { detail: `This room does not let its callers choose the region ${id}.`, errors: [{ path: 'region', message: 'is not open to choice here' }] });
  }
}

interface Granting {
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
function grant(dependencies: JoinServiceDependencies, granting: Granting): Joined | Promise<Joined | undefined> {
  const { session } = granting.entered;
  const record = recordOf(granting, dependencies.clock.nowMs());
  if (session.maxParticipants !== null) return grantSeat(dependencies, granting, record, session.maxParticipants);
  dependencies.grants.append(record);
  return toJoined(dependencies, granting, record);
}

/** Cut off from Postgres, LiveKit's own maximum is the limit, and the grant is remembered for later. */
async function grantSeat(dependencies: JoinServiceDependencies, granting: Granting, record: JoinGrantRecord, maxParticipants: number): Promise<Joined | undefined> {
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

function toJoined(dependencies: JoinServiceDependencies, granting: Granting, record: JoinGrantRecord): Joined {
  const { findRegion, sessions, tokenTtlSeconds } = dependencies;
  const { entry, admission, entered } = granting;
  const { session, decision } = entered;
  const region = getRegion(session.region, findRegion);
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

function signToken({ tokenTtlSeconds }: JoinServiceDependencies, granting: Granting, region: TokenRegion, record: JoinGrantRecord): string {
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

/** Only for those who may see it: what regions there are, and why each was refused. */
export function hideCandidates(error: unknown, actor: Actor): unknown {
  if (!(error instanceof AppError) || !error.code.startsWith('placement.') || actor.kind === 'api-key') return error;
  return new AppError(error.code, { detail: 'No region can take this meeting at the moment; try again shortly.', ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }) });
}
