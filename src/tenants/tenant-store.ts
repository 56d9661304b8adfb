import { AppError } from '../kernel/app-error.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { Tenant, TenantPolicy } from './tenant.ts';

export interface TenantStore {
  find(id: string): Promise<Tenant | undefined>;
  /** @throws AppError `tenant.not-found`. */
  get(id: string): Promise<Tenant>;
  list(): Promise<Tenant[]>;
  /** Names a tenant, making it when it is new; tells which. */
  put(id: string, name: string): Promise<{ readonly tenant: Tenant; readonly before: Tenant | undefined }>;
  findPolicy(id: string): Promise<TenantPolicy | undefined>;
}

const TENANT = { id: true, name: true, createdAt: true } as const;

export function createTenantStore(db: Db): TenantStore {
  async function find(id: string): Promise<Tenant | undefined> {
    return (await db.tenant.findUnique({ where: { id }, select: TENANT })) ?? undefined;
  }
  return {
    find,
    get: async (id) => {
      const tenant = await find(id);
      if (!tenant) throw new AppError('tenant.not-found', { detail: 'There is no such tenant.' });
      return tenant;
    },
    list: () => db.tenant.findMany({ select: TENANT, orderBy: { id: 'asc' } }),
    put: async (id, name) => {
      const before = await find(id);
      await db.$executeRaw`
        INSERT INTO tenant (id, name) VALUES (${id}, ${name})
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, updated_at = now()`;
      return { tenant: await createTenantStore(db).get(id), before };
    },
    findPolicy: async (id) => {
      const row = await db.tenant.findUnique({ where: { id }, select: { revision: true, policy: true } });
      return row ? { tenantId: id, revision: row.revision, policy: row.policy as Record<string, unknown> } : undefined;
    },
  };
}
