import type { ApiKey as ApiKeyRow } from '../generated/prisma/client.ts';
import type { ApiKeyId } from '../kernel/ids.ts';
import type { Scope } from '../platform/http/actor.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import { type Page, type PageRequest, decodeIdCursor, toPage } from '../kernel/page.ts';
import type { ApiKey } from './api-key.ts';

export interface ApiKeyStore {
  insert(key: ApiKey): Promise<void>;
  find(id: ApiKeyId): Promise<ApiKey | undefined>;
  findMany(ids: readonly ApiKeyId[]): Promise<ApiKey[]>;
  /** Keys of one tenant, or of all with `undefined`; newest first. */
  list(tenantId: string | undefined, page: PageRequest): Promise<Page<ApiKey>>;
  /** The key that was deleted; undefined when there was none, or it is another tenant's. */
  remove(id: string, tenantId: string | undefined): Promise<ApiKey | undefined>;
  countOperatorKeys(): Promise<number>;
  /** Notes the use of keys, by Postgres' clock. */
  touch(ids: readonly string[]): Promise<void>;
}

export function createApiKeyStore(db: Db): ApiKeyStore {
  return {
    insert: async ({ hash, scopes, ...key }) => {
      await db.apiKey.create({ data: { ...key, hash: Uint8Array.from(hash), scopes: [...scopes] } });
    },
    find: async (id) => {
      const row = await db.apiKey.findUnique({ where: { id } });
      return row ? fromRow(row) : undefined;
    },
    findMany: async (ids) => (await db.apiKey.findMany({ where: { id: { in: [...ids] } } })).map(fromRow),
    list: (tenantId, page) => listKeys(db, tenantId, page),
    remove: async (id, tenantId) => {
      const where = { id, ...(tenantId === undefined ? {} : { tenantId }) };
      const row = await db.apiKey.findFirst({ where });
      if (!row) return undefined;
      const { count } = await db.apiKey.deleteMany({ where });
      return count === 1 ? fromRow(row) : undefined;
    },
    countOperatorKeys: () => db.apiKey.count({ where: { tenantId: null } }),
    touch: async (ids) => {
      await db.$executeRaw`UPDATE api_key SET last_used_at = now() WHERE id = ANY(${[...ids]})`;
    },
  };
}

async function listKeys(db: Db, tenantId: string | undefined, { limit, cursor }: PageRequest): Promise<Page<ApiKey>> {
  const before = cursor === undefined ? undefined : decodeIdCursor(cursor, 'apiKey');
  const rows = await db.apiKey.findMany({
    where: {
      ...(tenantId === undefined ? {} : { tenantId }),
      ...(before === undefined ? {} : { id: { lt: before } }),
    },
    orderBy: { id: 'desc' },
    take: limit + 1,
  });
  return toPage(rows.map(fromRow), limit, (key) => [key.id]);
}

function fromRow(row: ApiKeyRow): ApiKey {
  return { ...row, id: row.id as ApiKeyId, scopes: row.scopes as Scope[] };
}
