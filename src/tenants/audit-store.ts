import type { Db } from '../platform/database/prisma-client.ts';
import { decodeIdCursor, toPage } from '../kernel/page.ts';
import type { AuditStore } from './audit.ts';

export function createAuditStore(db: Db): AuditStore {
  return {
    list: async (tenantId, { limit, cursor }) => {
      const before = cursor === undefined ? undefined : decodeIdCursor(cursor, 'audit');
      const rows = await db.auditEntry.findMany({
        where: {
          ...(tenantId === undefined ? {} : { tenantId }),
          ...(before === undefined ? {} : { id: { lt: before } }),
        },
        orderBy: { id: 'desc' },
        take: limit + 1,
      });
      return toPage(rows, limit, (row) => [row.id]);
    },
  };
}
