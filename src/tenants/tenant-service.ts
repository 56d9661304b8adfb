import type { ChangeSignal } from '../coordination/change-signal.ts';
import type { Generations } from '../coordination/generation.ts';
import type { Page, PageRequest } from '../kernel/page.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { By } from './api-key-service.ts';
import type { Tenant } from './tenant.ts';
import { createTenantStore } from './tenant-store.ts';

export interface TenantService {
  /** @throws AppError `tenant.not-found`. */
  get(id: string): Promise<Tenant>;
  /** Newest first. */
  list(page: PageRequest): Promise<Page<Tenant>>;
  listIds(): Promise<string[]>;
  /** Makes or renames a tenant; `created` tells which. */
  put(id: string, name: string, by: By): Promise<{ readonly tenant: Tenant; readonly created: boolean }>;
}

export function createTenantService(options: {
  readonly unitOfWork: UnitOfWork;
  readonly generations: Generations;
  readonly changes: ChangeSignal;
}): TenantService {
  const { unitOfWork, generations, changes } = options;
  const store = createTenantStore(unitOfWork.db);
  return {
    get: store.get,
    list: store.list,
    listIds: store.listIds,
    put: async (id, name, by) => {
      const put = await unitOfWork.run(async ({ db, appendAudit }) => {
        const { tenant, before } = await createTenantStore(db).put(id, name);
        await generations.bump(db, 'tenants');
        await appendAudit({ ...by, action: 'tenant.put', subject: id, before, after: tenant, tenantId: id });
        return { tenant, created: before === undefined };
      });
      changes.announce();
      return put;
    },
  };
}
