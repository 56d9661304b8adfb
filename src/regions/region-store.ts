import type { HotQueries } from '../platform/database/hot-queries.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { StoredDocument } from './region-config.ts';
import type { AdminState } from './region.ts';

/** Sealed secrets by their place in the document. */
export type SealedSecrets = Readonly<Record<string, string>>;

/** A region as its row keeps it. */
export interface StoredRegion {
  readonly id: string;
  readonly document: StoredDocument;
  readonly secrets: SealedSecrets;
  readonly adminState: AdminState;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type RegionWrite = Omit<StoredRegion, 'createdAt' | 'updatedAt'>;

/** Every region by id, with the newest revision. */
export interface StoredConfiguration {
  readonly revision: number;
  readonly regions: readonly StoredRegion[];
}

export interface RegionStore {
  /** Read in one statement. */
  readAll(): Promise<StoredConfiguration>;
  /** Lets one writer of the configuration at a time in, until the transaction ends. */
  lockConfiguration(): Promise<void>;
  /** Waits for whoever is opening a session in this region, and keeps others out until the transaction ends. */
  lockRow(id: string): Promise<void>;
  write(region: RegionWrite): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Any number that nothing else in this database locks by. */
const CONFIGURATION_LOCK = 820_411_001;

interface Row {
  readonly newest: number;
  readonly id: string | null;
  readonly document: StoredDocument;
  readonly secrets: SealedSecrets;
  readonly admin_state: AdminState;
  readonly revision: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** A left join, so that the revision is there also when no region is. */
const READ_ALL = `
  SELECT newest.n AS newest, region.*
  FROM (SELECT coalesce(max(n), 0)::int AS n FROM region_revision) AS newest
  LEFT JOIN region ON true
  ORDER BY region.id`;

/** The configuration for the snapshot, on the connections of joins: a busy pool must not make it stale. */
export async function readConfiguration(hot: HotQueries): Promise<StoredConfiguration> {
  return toConfiguration(await hot.rows<Row>({ name: 'region_read_all', text: READ_ALL }, []));
}

export function createRegionStore(db: Db): RegionStore {
  return {
    readAll: async () => toConfiguration(await db.$queryRawUnsafe<Row[]>(READ_ALL)),
    lockConfiguration: async () => {
      await db.$executeRaw`SELECT pg_advisory_xact_lock(${CONFIGURATION_LOCK}::bigint)::text`;
    },
    lockRow: async (id) => {
      await db.$executeRaw`SELECT id FROM region WHERE id = ${id} FOR UPDATE`;
    },
    write: async ({ id, document, secrets, adminState, revision }) => {
      await db.$executeRaw`
        INSERT INTO region (id, document, secrets, admin_state, revision)
        VALUES (${id}, ${JSON.stringify(document)}::jsonb, ${JSON.stringify(secrets)}::jsonb, ${adminState}, ${revision})
        ON CONFLICT (id) DO UPDATE SET document = excluded.document, secrets = excluded.secrets,
          admin_state = excluded.admin_state, revision = excluded.revision, updated_at = now()`;
    },
    remove: async (id) => {
      await db.$executeRaw`DELETE FROM region WHERE id = ${id}`;
      await db.$executeRaw`DELETE FROM region_health WHERE region_id = ${id}`;
    },
  };
}

function toConfiguration(rows: readonly Row[]): StoredConfiguration {
  return { revision: rows[0]?.newest ?? 0, regions: rows.flatMap(fromRow) };
}

function fromRow({ id, document, secrets, admin_state, revision, created_at, updated_at }: Row): StoredRegion[] {
  if (id === null) return [];
  return [{ id, document, secrets, adminState: admin_state, revision, createdAt: created_at, updatedAt: updated_at }];
}
