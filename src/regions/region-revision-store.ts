import type { Db } from '../platform/database/prisma-client.ts';
import { type Page, type PageRequest, decodeCursor, toPage } from '../kernel/page.ts';
import { invalidField } from '../kernel/app-error.ts';
import type { RegionChange } from './region-diff.ts';
import type { StoredRegion } from './region-store.ts';

/** One immutable step of the region configuration. */
export interface RegionRevision {
  readonly n: number;
  readonly author: string;
  readonly at: Date;
  readonly diff: readonly RegionChange[];
}

/** What is kept of each region in a revision: all that a rollback needs, secrets sealed. */
export type RevisionDocument = Pick<StoredRegion, 'id' | 'document' | 'secrets' | 'adminState'>;

export interface RegionRevisionStore {
  insert(revision: Omit<RegionRevision, 'at'>, documents: readonly RevisionDocument[]): Promise<void>;
  /** Newest first. */
  list(page: PageRequest): Promise<Page<RegionRevision>>;
}

export function createRegionRevisionStore(db: Db): RegionRevisionStore {
  return {
    insert: async ({ n, author, diff }, documents) => {
      await db.$executeRaw`
        INSERT INTO region_revision (n, author, diff, documents)
        VALUES (${n}, ${author}, ${JSON.stringify(diff)}::jsonb, ${JSON.stringify(documents)}::jsonb)`;
    },
    list: async ({ limit, cursor }) => {
      const rows = await db.regionRevision.findMany({
        where: cursor === undefined ? {} : { n: { lt: readCursor(cursor) } },
        select: { n: true, author: true, at: true, diff: true },
        orderBy: { n: 'desc' },
        take: limit + 1,
      });
      // The diff was written by this store and by nothing else.
      const revisions = rows.map((row) => ({ ...row, diff: row.diff as unknown as RegionChange[] }));
      return toPage(revisions, limit, ({ n }) => [String(n)]);
    },
  };
}

function readCursor(cursor: string): number {
  const [text = ''] = decodeCursor(cursor, 1);
  if (!/^\d{1,9}$/.test(text)) throw invalidField('cursor', 'is not a cursor of this list; start again without it');
  return Number(text);
}
