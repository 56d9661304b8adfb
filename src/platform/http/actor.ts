/** Every scope an API key may carry. */
export const SCOPES = [
  'rooms:read',
  'rooms:write',
  'joins:create',
  'recordings:read',
  'recordings:write',
  'events:read',
  'webhooks:write',
  'agents:call',
  'tenant:admin',
  'ops:read',
  'ops:write',
] as const;
export type Scope = (typeof SCOPES)[number];

export interface KeyActor {
  readonly kind: 'api-key';
  readonly keyId: string;
  /** The tenant the key acts for; null for an operator's key. */
  readonly tenantId: string | null;
  readonly scopes: ReadonlySet<Scope>;
}

export interface GuestActor {
  readonly kind: 'guest';
}

/** Who calls. A credential that was sent and is not valid never becomes a guest. */
export type Actor = KeyActor | GuestActor;

export const GUEST: GuestActor = Object.freeze({ kind: 'guest' });

export function hasScope(actor: Actor, scope: Scope): boolean {
  return actor.kind === 'api-key' && actor.scopes.has(scope);
}

/** How audit rows and `createdBy` name an actor. */
export function actorName(actor: Actor): string {
  return actor.kind === 'api-key' ? `key:${actor.keyId}` : 'guest';
}
