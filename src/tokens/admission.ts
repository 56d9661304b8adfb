import { AppError, invalidField } from '../kernel/app-error.ts';
import { type Actor, hasScope } from '../platform/http/actor.ts';
import type { RoomEntry } from '../rooms/rooms-module.ts';
import { keyIdentity, newGuestIdentity } from './identity.ts';
import type { RejoinTokens } from './rejoin-token.ts';
import { type Role, ROLES, isAbove } from './role.ts';

/** What a caller asks to be let in as. */
export interface AdmissionAsk {
  readonly displayName?: string | undefined;
  /** How this request spells `displayName`, for the problem that names it. */
  readonly displayNameField?: string;
  readonly identity?: string | undefined;
  readonly role?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly rejoinToken?: string | undefined;
}

/** Who enters, as what. `rejoinToken` is for guests, who have nothing else to be known by. */
export interface Admission {
  readonly identity: string;
  readonly role: Role;
  readonly displayName: string;
  readonly rejoinToken: string | undefined;
}

const DEFAULT_ROLE: Role = 'participant';

/**
 * Decides whether the room admits the caller, and as whom.
 * @throws AppError `auth.*` or `request.invalid`.
 */
export function admit(actor: Actor, { room, effective }: RoomEntry, ask: AdmissionAsk, rejoinTokens: RejoinTokens): Admission {
  if (ask.deviceId !== undefined) throw invalidField('deviceId', 'is for signed-in users only; leave it out');
  if (actor.kind === 'api-key') return admitKey(actor, ask);
  if (effective.access.value !== 'public') {
    throw new AppError('auth.required', { detail: 'This room admits nobody without a credential.' });
  }
  return admitGuest(room.id, ask, rejoinTokens);
}

/** The integrator's own server: it passes every access mode and vouches for whom it names. */
function admitKey(actor: Actor, ask: AdmissionAsk): Admission {
  if (!hasScope(actor, 'joins:create')) throw new AppError('auth.forbidden', { detail: 'The credential needs the scope joins:create.' });
  if (ask.rejoinToken !== undefined) throw invalidField('rejoinToken', 'is for guests only; name the identity instead');
  return {
    identity: keyIdentity(ask.identity),
    role: readRole(ask.role, 'owner'),
    displayName: ask.displayName ?? '',
    rejoinToken: undefined,
  };
}

function admitGuest(roomId: string, ask: AdmissionAsk, rejoinTokens: RejoinTokens): Admission {
  if (ask.identity !== undefined) throw new AppError('auth.forbidden', { detail: 'Only an API key with joins:create may name the identity.' });
  const { displayName = '' } = ask;
  if (displayName.trim() === '') throw invalidField(ask.displayNameField ?? 'displayName', 'is needed from guests');
  const role = readRole(ask.role, DEFAULT_ROLE);
  const identity = ask.rejoinToken === undefined ? newGuestIdentity() : rejoinTokens.read(ask.rejoinToken, roomId);
  if (identity === undefined) throw invalidField('rejoinToken', 'is not valid for this room, or has expired; leave it out to enter as a new guest');
  return { identity, role, displayName, rejoinToken: rejoinTokens.issue({ identity, roomId }) };
}

function readRole(asked: string | undefined, highest: Role): Role {
  if (asked === undefined) return DEFAULT_ROLE;
  const role = ROLES.find((each) => each === asked);
  if (!role) throw invalidField('role', `must be one of ${ROLES.join(', ')}`);
  if (isAbove(role, highest)) throw new AppError('auth.forbidden', { detail: `The caller may ask for ${highest} at most.` });
  return role;
}
