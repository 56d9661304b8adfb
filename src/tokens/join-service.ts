import { AppError } from '../kernel/app-error.ts';
import { type Actor, actorName } from '../platform/http/actor.ts';
import type { Call } from '../platform/http/route.ts';
import { residencyAllows } from '../placements/placements-module.ts';
import { type RoomDirectory, type RoomEntry, roomNotFound } from '../rooms/rooms-module.ts';
import { type SessionService, openingGaveUp } from '../sessions/sessions-module.ts';
import { type Admission, admit } from './admission.ts';
import type { JoinAsk, Joined, TokenRegion } from './join.ts';
import { type GrantingDependencies, grantEntry } from './join-granting.ts';
import type { RejoinTokens } from './rejoin-token.ts';

export interface JoinService {
  /** Lets the caller into the room's live session, opening it where needed, and signs the token. */
  join(entry: RoomEntry, ask: JoinAsk, call: Call): Promise<Joined>;
}

export interface JoinServiceDependencies extends Omit<GrantingDependencies, 'sessions' | 'getRegion'> {
  readonly directory: Pick<RoomDirectory, 'read'>;
  readonly sessions: SessionService;
  readonly findRegion: (id: string) => TokenRegion | undefined;
  readonly rejoinTokens: RejoinTokens;
}

/** A session may end between its confirmation and the seat in it; more often than this it is not a meeting. */
const MAX_TURNS = 3;

export function createJoinService(dependencies: JoinServiceDependencies): JoinService {
  const { sessions, directory, rejoinTokens, findRegion } = dependencies;
  const granting = { ...dependencies, getRegion: (id: string) => getRegion(id, findRegion) };

  async function enterAndGrant(first: RoomEntry, ask: JoinAsk, call: Call, admission: Admission): Promise<Joined> {
    let entry = first;
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const entering = sessions.enter(entry, openingAskOf(ask, call));
      const entered = entering instanceof Promise ? await entering : entering;
      const granted = grantEntry(granting, { entry, ask, call, admission, entered });
      const joined = granted instanceof Promise ? await granted : granted;
      if (joined) return joined;
      const anew = await directory.read(entry.room.id);
      if (!anew) throw roomNotFound();
      entry = anew;
    }
    throw openingGaveUp();
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

/** Only for those who may see it: what regions there are, and why each was refused. */
export function hideCandidates(error: unknown, actor: Actor): unknown {
  if (!(error instanceof AppError) || !error.code.startsWith('placement.') || actor.kind === 'api-key') return error;
  return new AppError(error.code, { detail: 'No region can take this meeting at the moment; try again shortly.', ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }) });
}
