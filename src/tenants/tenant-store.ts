import { AppError } from '../kernel/app-error.ts';
import { type Page, type PageRequest, decodeCursor, notACursor, toPage } from '../kernel/page.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { Tenant, TenantPolicy } from './tenant.ts';

export interface TenantStore {
  find(id: string): Promise<Tenant | undefined>;
  /** @throws AppError `tenant.not-found`. */
  get(id: string): Promise<Tenant>;
  /** Newest first. */
  list(page: PageRequest): Promise<Page<Tenant>>;
  listIds(): Promise<string[]>;
  /** Names a tenant, making it when it is new; tells which. Two that make one at a time: one of them renames it. */
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
    list: (page) => listTenants(db, page),
    listIds: async () => (await db.tenant.findMany({ select: { id: true } })).map(({ id }) => id),
    put: async (id, name) => {
      // Whoever comes second waits here for the first to end, and finds its row.
      const made = await db.$executeRaw`INSERT INTO tenant (id, name) VALUES (${id}, ${name}) ON CONFLICT (id) DO NOTHING`;
      if (made === 1) return { tenant: await createTenantStore(db).get(id), before: undefined };
      await db.$queryRaw`SELECT FROM tenant WHERE id = ${id} FOR UPDATE`;
      const before = await createTenantStore(db).get(id);
      const tenant = await db.tenant.update({ where: { id }, data: { name, updatedAt: new Date() }, select: TENANT });
      return { tenant, before };
    },
    findPolicy: async (id) => {
      const row = await db.tenant.findUnique({ where: { id }, select: { revision: true, policy: true } });
      return row ? { tenantId: id, revision: row.revision, policy: row.policy as Record<string, unknown> } : undefined;
    },
  };
}

async function listTenants(db: Db, { limit, cursor }: PageRequest): Promise<Page<Tenant>> {
  const after = cursor === undefined ? undefined : readPosition(cursor);
  const rows = await db.tenant.findMany({
    ...(after ? { where: { OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }] } } : {}),
    select: TENANT,
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
  });
  return toPage(rows, limit, ({ createdAt, id }) => [createdAt.toISOString(), id]);
}

function readPosition(cursor: string): Pick<Tenant, 'createdAt' | 'id'> {
  const [time = '', id = ''] = decodeCursor(cursor, 2);
  const createdAt = new Date(time);
  if (Number.isNaN(createdAt.getTime())) throw notACursor();
  return { createdAt, id };
}
