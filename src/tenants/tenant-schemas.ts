import { z } from 'zod';
import { OPERATOR_SLUG } from '../kernel/ids.ts';
import { SCOPES } from '../platform/http/actor.ts';
import { nameSchema, timeSchema } from '../platform/http/wire.ts';
import { SYSTEM_LOG } from './tenant.ts';

export const tenantIdSchema = z
  .string()
  .regex(OPERATOR_SLUG, 'must be 1 to 63 of a-z 0-9 _ -, beginning with a letter or digit')
  .refine((id) => id !== SYSTEM_LOG, `may not be "${SYSTEM_LOG}": that is the log of what belongs to no tenant`);

export const tenantSchema = z
  .object({ id: z.string(), name: z.string(), createdAt: timeSchema })
  .meta({ id: 'Tenant' });

export const tenantPutSchema = z.strictObject({ name: nameSchema });

const scopesSchema = z
  .array(z.enum(SCOPES))
  .min(1)
  .max(SCOPES.length)
  .refine((scopes) => new Set(scopes).size === scopes.length, 'names a scope twice');
const keyShape = { name: nameSchema, scopes: scopesSchema, expiresAt: z.iso.datetime({ offset: true }).nullish() };

export const tenantKeyCreateSchema = z.strictObject(keyShape);
export const opsKeyCreateSchema = z.strictObject({ ...keyShape, tenantId: tenantIdSchema.nullish() });

export const apiKeySchema = z
  .object({
    id: z.string(),
    tenantId: z.string().nullable(),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    prefix: z.string(),
    expiresAt: timeSchema.nullable(),
    createdAt: timeSchema,
    lastUsedAt: timeSchema.nullable(),
  })
  .meta({ id: 'ApiKey' });

export const newApiKeySchema = apiKeySchema
  .extend({ secret: z.string().describe('The whole credential; shown here only.') })
  .meta({ id: 'NewApiKey' });

export const auditEntrySchema = z
  .object({
    id: z.string(),
    at: timeSchema,
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    before: z.unknown(),
    after: z.unknown(),
    requestId: z.string().nullable(),
    tenantId: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry' });
