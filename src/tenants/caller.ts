import { AppError } from '../kernel/app-error.ts';
import { actorName } from '../platform/http/actor.ts';
import type { Call } from '../platform/http/route.ts';
import type { By } from './api-key-service.ts';

/** Who makes a change, for its audit row. */
export function byOf(call: Call): By {
  return { actor: actorName(call.actor), requestId: call.requestId };
}

/**
 * The tenant that the caller acts for.
 * @throws AppError `auth.forbidden` for an operator's key, which has none; `auth.required` for a guest.
 */
export function ownTenant(call: Call): string {
  if (call.actor.kind === 'guest') throw new AppError('auth.required', { detail: 'Send a credential of a tenant.' });
  if (call.actor.tenantId === null) {
    throw new AppError('auth.forbidden', { detail: 'This credential is an operator\'s and acts for no tenant; use a key of the tenant.' });
  }
  return call.actor.tenantId;
}
