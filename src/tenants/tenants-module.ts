import type { ChangeSignal } from '../coordination/change-signal.ts';
import type { Freshness } from '../coordination/freshness.ts';
import type { Generations } from '../coordination/generation.ts';
import type { Clock } from '../kernel/clock.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { CredentialReader } from '../platform/http/authenticate.ts';
import type { Module, Schedule } from '../platform/module.ts';
import { createApiKeyRoutes } from './api-key-routes.ts';
import { type ApiKeyService, createApiKeyService } from './api-key-service.ts';
import { createApiKeyStore } from './api-key-store.ts';
import { createAuditStore } from './audit-store.ts';
import { createCredentialReader } from './credential-reader.ts';
import type { TenantPolicy } from './tenant.ts';
import { createAuditRoutes, createTenantRoutes } from './tenant-routes.ts';
import { type TenantService, createTenantService } from './tenant-service.ts';
import { createTenantStore } from './tenant-store.ts';

export type { By } from './api-key-service.ts';
export { byOf, ownTenant } from './caller.ts';
export { DEFAULT_TENANT, type Tenant, type TenantPolicy } from './tenant.ts';

export interface TenantsService {
  readonly keys: ApiKeyService;
  readonly tenants: TenantService;
  readonly readCredential: CredentialReader;
  findPolicy(tenantId: string): Promise<TenantPolicy | undefined>;
  /** Writes which keys were used since the last minute. */
  stop(): Promise<void>;
}

export interface TenantsDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly generations: Generations;
  readonly freshness: Freshness;
  readonly changes: ChangeSignal;
  readonly clock: Clock;
}

/** `last used` of a key is exact to the minute: more would be a write for each request. */
const TOUCH_EVERY_MS = 60_000;

export function createTenantsModule({ unitOfWork, generations, freshness, changes, clock }: TenantsDependencies): Module<TenantsService> {
  const store = createApiKeyStore(unitOfWork.db);
  const keys = createApiKeyService({ unitOfWork, generations, changes, nowMs: clock.nowMs });
  const tenants = createTenantService({ unitOfWork, generations, changes });
  const credentials = createCredentialReader({ store, freshness, generations, ...clock });
  const noteUsed = (): Promise<void> => credentials.flushUsed(store.touch);
  const touch: Schedule = {
    name: 'api-key-last-used',
    everyMs: TOUCH_EVERY_MS,
    runs: 'each',
    run: noteUsed,
  };
  return {
    service: { keys, tenants, readCredential: credentials.read, findPolicy: createTenantStore(unitOfWork.db).findPolicy, stop: noteUsed },
    routes: [
      ...createTenantRoutes({ tenants }),
      ...createApiKeyRoutes({ keys }),
      ...createAuditRoutes({ audit: createAuditStore(unitOfWork.db) }),
    ],
    schedules: [touch],
    livekitHandlers: [],
  };
}
