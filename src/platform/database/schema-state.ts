import type { Db } from './prisma-client.ts';

/** How the database stands to the migrations that a release brings. */
export interface SchemaState {
  /** Migrations that the release brings and the database has not, or not to the end. */
  readonly missing: readonly string[];
  /** Migrations that the database has and the release does not know: a newer release made them. */
  readonly unknown: readonly string[];
}

interface LedgerRow {
  readonly migration_name: string;
}

/** Compares Prisma's ledger with the names of the release's migrations. A database without a ledger has none. */
export async function readSchemaState(db: Db, names: readonly string[]): Promise<SchemaState> {
  const [ledger] = await db.$queryRaw<{ there: boolean }[]>`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`;
  const rows = ledger?.there
    ? await db.$queryRaw<LedgerRow[]>`SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`
    : [];
  const applied = new Set(rows.map((row) => row.migration_name));
  return {
    missing: names.filter((name) => !applied.has(name)),
    unknown: [...applied].filter((name) => !names.includes(name)),
  };
}
