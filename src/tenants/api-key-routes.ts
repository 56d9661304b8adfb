import type { z } from 'zod';
import { AppError } from '../kernel/app-error.ts';
import { idParamsSchema, isoTime, isoTimeOrNull, pageQuerySchema, pageSchema } from '../platform/http/wire.ts';
import { type Call, type Reply, type Route, defineRoute, scopes } from '../platform/http/route.ts';
import type { ApiKey } from './api-key.ts';
import type { ApiKeyService, NewApiKey } from './api-key-service.ts';
import { byOf, ownTenant } from './caller.ts';
import { apiKeySchema, newApiKeySchema, opsKeyCreateSchema, tenantKeyCreateSchema } from './tenant-schemas.ts';

interface Place {
  readonly base: string;
  readonly suffix: string;
  readonly tag: string;
  readonly readScope: 'tenant:admin' | 'ops:read';
  readonly writeScope: 'tenant:admin' | 'ops:write';
  /** Whose keys the caller sees; undefined for all. */
  tenantOf(call: Call): string | undefined;
}

const OWN: Place = { base: '/v1/tenant/api-keys', suffix: 'OwnApiKey', tag: 'Tenants', readScope: 'tenant:admin', writeScope: 'tenant:admin', tenantOf: ownTenant };
const ALL: Place = { base: '/v1/ops/api-keys', suffix: 'ApiKey', tag: 'Operators', readScope: 'ops:read', writeScope: 'ops:write', tenantOf: () => undefined };

export function createApiKeyRoutes({ keys }: { readonly keys: ApiKeyService }): Route[] {
  return [
    ...[OWN, ALL].flatMap((place) => [listRoute(place, keys), removeRoute(place, keys)]),
    createRoute({ ...OWN, keys, body: tenantKeyCreateSchema, tenantOf: tenantForOwnKey }),
    createRoute({ ...ALL, keys, body: opsKeyCreateSchema, tenantOf: (body) => ('tenantId' in body ? (body.tenantId ?? null) : null) }),
  ];
}

function listRoute(place: Place, keys: ApiKeyService): Route {
  return defineRoute({
    method: 'get',
    path: place.base,
    operationId: `list${place.suffix}s`,
    summary: 'API keys, newest first, without their secrets',
    tag: place.tag,
    access: scopes(place.readScope),
    request: { query: pageQuerySchema },
    responses: { 200: { description: 'The keys', schema: pageSchema(apiKeySchema) } },
    handler: async ({ query }, call) => {
      const { items, nextCursor } = await keys.list(place.tenantOf(call), query);
      return { status: 200, body: { items: items.map(toWire), nextCursor } };
    },
  });
}

function removeRoute(place: Place, keys: ApiKeyService): Route {
  return defineRoute({
    method: 'delete',
    path: `${place.base}/{id}`,
    operationId: `delete${place.suffix}`,
    summary: 'Revoke an API key, in force everywhere within a second',
    tag: place.tag,
    access: scopes(place.writeScope),
    request: { params: idParamsSchema },
    responses: { 204: { description: 'Revoked' } },
    problems: ['api-key.not-found'],
    handler: async ({ params }, call) => {
      await keys.remove(params.id, place.tenantOf(call), byOf(call));
      return { status: 204 };
    },
  });
}

type CreateBody = z.output<typeof tenantKeyCreateSchema> | z.output<typeof opsKeyCreateSchema>;

interface CreatePlace extends Pick<Place, 'base' | 'suffix' | 'tag' | 'writeScope'> {
  readonly keys: ApiKeyService;
  readonly body: typeof tenantKeyCreateSchema | typeof opsKeyCreateSchema;
  tenantOf(body: CreateBody, call: Call): string | null;
}

function createRoute({ base, suffix, tag, writeScope, keys, body, tenantOf }: CreatePlace): Route {
  return defineRoute({
    method: 'post',
    path: base,
    operationId: `create${suffix}`,
    summary: 'Make an API key; its secret is in this answer only',
    tag,
    access: scopes(writeScope),
    request: { body },
    responses: { 201: { description: 'The key with its secret', schema: newApiKeySchema } },
    problems: ['tenant.not-found'],
    handler: async (message, call): Promise<Reply> => {
      const asked: NewApiKey = {
        tenantId: tenantOf(message.body, call),
        name: message.body.name,
        scopes: message.body.scopes,
        expiresAt: message.body.expiresAt ? new Date(message.body.expiresAt) : null,
      };
      const { credential, ...key } = await keys.create(asked, byOf(call));
      return { status: 201, body: { ...toWire(key), secret: credential }, headers: { 'Cache-Control': 'no-store' } };
    },
  });
}

/** An administrator of a tenant gives what a tenant has: never an operator's scope, not even one of its own. */
function tenantForOwnKey({ scopes }: CreateBody, call: Call): string {
  const foreign = scopes.find((scope) => scope.startsWith('ops:'));
  if (foreign !== undefined) throw new AppError('auth.forbidden', { detail: `Only an operator gives the scope ${foreign}, by POST /v1/ops/api-keys.` });
  return ownTenant(call);
}

function toWire(key: ApiKey): z.output<typeof apiKeySchema> {
  const { id, tenantId, name, prefix } = key;
  return {
    id, tenantId, name, prefix,
    scopes: [...key.scopes],
    expiresAt: isoTimeOrNull(key.expiresAt),
    createdAt: isoTime(key.createdAt),
    lastUsedAt: isoTimeOrNull(key.lastUsedAt),
  };
}
