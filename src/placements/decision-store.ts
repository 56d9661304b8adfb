import type { Prisma } from '../generated/prisma/client.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import { type Decision, type DecisionDocument, toDocument } from './decision.ts';

export interface DecisionSubject {
  readonly tenantId: string;
  readonly roomId: string;
}

export interface DecisionStore {
  /** Writes the decision as part of the transaction that `db` belongs to. */
  insert(decision: Decision, subject: DecisionSubject): Promise<void>;
  /** Undefined for another tenant's as for an absent one. */
  find(id: string, tenantId: string): Promise<DecisionDocument | undefined>;
  /** Deletes at most `limit` decisions made before; tells how many. */
  expire(before: Date, limit: number): Promise<number>;
}

export function createDecisionStore(db: Db): DecisionStore {
  return {
    insert: async (decision, { tenantId, roomId }) => {
      const { id, at, winner } = decision;
      // Prisma's JSON type asks for an index signature, which an interface has not; the document is plain JSON.
      const body = toDocument(decision, id) as unknown as Prisma.InputJsonObject;
      await db.decision.create({ data: { id, tenantId, roomId, at, winner, body }, select: { id: true } });
    },
    find: async (id, tenantId) => {
      const row = await db.decision.findFirst({ where: { id, tenantId }, select: { body: true } });
      // The body was written by `insert` and by nothing else.
      return row === null ? undefined : (row.body as unknown as DecisionDocument);
    },
    expire: (before, limit) => db.$executeRaw`
      DELETE FROM decision WHERE id IN (SELECT id FROM decision WHERE at < ${before} ORDER BY at LIMIT ${limit})`,
  };
}
