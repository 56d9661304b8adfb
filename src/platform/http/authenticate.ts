import { AppError } from '../../kernel/app-error.ts';
import { type Actor, GUEST, hasScope } from './actor.ts';
import type { Access } from './route.ts';

/** Looks up a bearer credential. Answers at once when it is cached; undefined when it is not valid. */
export type CredentialReader = (bearer: string) => Actor | undefined | Promise<Actor | undefined>;

const BEARER = /^Bearer +([\x21-\x7e]{1,4096})$/i;

/**
 * The caller of a request by its `Authorization` header; at once when the credential is known already.
 * @throws AppError `auth.invalid` for a credential that was sent and is not valid: it is never taken for a guest.
 */
export function authenticate(header: string | undefined, read: CredentialReader): Actor | Promise<Actor> {
  if (header === undefined) return GUEST;
  const bearer = BEARER.exec(header)?.[1];
  const actor = bearer === undefined ? undefined : read(bearer);
  return actor instanceof Promise ? actor.then(orRefuse) : orRefuse(actor);
}

function orRefuse(actor: Actor | undefined): Actor {
  if (actor) return actor;
  throw new AppError('auth.invalid', { detail: 'The credential is unknown, expired or revoked; send "Authorization: Bearer <credential>".' });
}

/** @throws AppError `auth.required` or `auth.forbidden` when the actor may not call a route of this access. */
export function authorize(actor: Actor, access: Access): void {
  if (access.kind !== 'scopes') return;
  if (actor.kind === 'guest') throw new AppError('auth.required', { detail: 'Send a credential: "Authorization: Bearer <credential>".' });
  if (!access.anyOf.some((scope) => hasScope(actor, scope))) {
    throw new AppError('auth.forbidden', { detail: `The credential needs the scope ${access.anyOf.join(' or ')}.` });
  }
}
