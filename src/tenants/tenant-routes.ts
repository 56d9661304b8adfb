import { z } from 'zod';
import { idParamsSchema, isoTime, pageQuerySchema, pageSchema } from '../platform/http/wire.ts';
import { type Route, defineRoute, scopes } from '../platform/http/route.ts';
import type { AuditEntry, AuditStore } from './audit.ts';
import { byOf, ownTenant } from './caller.ts';
import type { Tenant } from './tenant.ts';
import type { TenantService } from './tenant-service.ts';
import { auditEntrySchema, tenantIdSchema, tenantPutSchema, tenantSchema } from './tenant-schemas.ts';

export function createTenantRoutes({ tenants }: { readonly tenants: TenantService }): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/tenant',
      operationId: 'getOwnTenant',
      summary: 'The tenant that the credential acts for',
      tag: 'Tenants',
      access: scopes('tenant:admin'),
      responses: { 200: { description: 'The tenant', schema: tenantSchema } },
      problems: ['tenant.not-found'],
      handler: async (_message, call) => ({ status: 200, body: toWire(await tenants.get(ownTenant(call))) }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/ops/tenants',
      operationId: 'listTenants',
      summary: 'All tenants, newest first',
      tag: 'Operators',
      access: scopes('ops:read'),
      request: { query: pageQuerySchema },
      responses: { 200: { description: 'The tenants', schema: pageSchema(tenantSchema) } },
      handler: async ({ query }) => {
        const { items, nextCursor } = await tenants.list(query);
        return { status: 200, body: { items: items.map(toWire), nextCursor } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/ops/tenants/{id}',
      operationId: 'getTenant',
      summary: 'One tenant',
      tag: 'Operators',
      access: scopes('ops:read'),
      request: { params: idParamsSchema },
      responses: { 200: { description: 'The tenant', schema: tenantSchema } },
      problems: ['tenant.not-found'],
      handler: async ({ params }) => ({ status: 200, body: toWire(await tenants.get(params.id)) }),
    }),
    defineRoute({
      method: 'put',
      path: '/v1/ops/tenants/{id}',
      operationId: 'putTenant',
      summary: 'Make or rename a tenant',
      tag: 'Operators',
      access: scopes('ops:write'),
      request: { params: z.strictObject({ id: tenantIdSchema }), body: tenantPutSchema },
      responses: {
        200: { description: 'Renamed', schema: tenantSchema },
        201: { description: 'Made', schema: tenantSchema },
      },
      handler: async ({ params, body }, call) => {
        const { tenant, created } = await tenants.put(params.id, body.name, byOf(call));
        return { status: created ? 201 : 200, body: toWire(tenant) };
      },
    }),
  ];
}

export function createAuditRoutes({ audit }: { readonly audit: AuditStore }): Route[] {
  const responses = { 200: { description: 'Audit entries, newest first', schema: pageSchema(auditEntrySchema) } };
  const request = { query: pageQuerySchema };
  return [
    defineRoute({
      method: 'get',
      path: '/v1/tenant/audit',
      operationId: 'listOwnAudit',
      summary: 'What was changed in the own tenant, and by whom',
      tag: 'Tenants',
      access: scopes('tenant:admin'),
      request,
      responses,
      handler: async ({ query }, call) => ({ status: 200, body: toAuditPage(await audit.list(ownTenant(call), query)) }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/ops/audit',
      operationId: 'listAudit',
      summary: 'What was changed in the deployment, and by whom',
      tag: 'Operators',
      access: scopes('ops:read'),
      request,
      responses,
      handler: async ({ query }) => ({ status: 200, body: toAuditPage(await audit.list(undefined, query)) }),
    }),
  ];
}

function toWire({ id, name, createdAt }: Tenant): z.output<typeof tenantSchema> {
  return { id, name, createdAt: isoTime(createdAt) };
}

function toAuditPage({ items, nextCursor }: { items: readonly AuditEntry[]; nextCursor: string | null }): unknown {
  return { items: items.map((entry) => ({ ...entry, at: isoTime(entry.at) })), nextCursor };
}
