import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Secret } from '../../kernel/secret.ts';

/** The advisory lock that Prisma's own migrate takes, so that both can be used side by side. */
const PRISMA_LOCK = 72_707_369;
const LOCK_WAIT_MS = 60_000;

/** Prisma's ledger as Prisma itself creates it. */
const LEDGER = `
CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY NOT NULL,
  checksum varchar(64) NOT NULL,
  finished_at timestamptz,
  migration_name varchar(255) NOT NULL,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;

interface LedgerRow {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Brings the database to the newest migration in `folder`, once, however many processes call it at a time.
 * Ledger, checksums and lock are Prisma's, so `prisma migrate deploy` may be used instead.
 * @returns the names applied by this call.
 * @throws Error when a migration failed before, was edited after it was applied, or fails now.
 */
export async function migrate(url: Secret, folder: string): Promise<string[]> {
  const client = new pg.Client({
    connectionString: url.reveal(),
    connectionTimeoutMillis: 10_000,
    statement_timeout: 10 * LOCK_WAIT_MS,
    application_name: 'meridian-migrate',
  });
  await client.connect();
  try {
    await client.query(`SET lock_timeout = ${LOCK_WAIT_MS}`);
    await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK]);
    await client.query(LEDGER);
    return await applyMissing(client, readMigrations(folder));
  } finally {
    await client.end();
  }
}

/** The names of the migrations in a folder, oldest first. */
export function listMigrations(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

function readMigrations(folder: string): Migration[] {
  return listMigrations(folder).map((name) => {
    const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8');
    return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
}

async function applyMissing(client: pg.Client, migrations: readonly Migration[]): Promise<string[]> {
  const { rows } = await client.query<LedgerRow>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  );
  const applied: string[] = [];
  for (const migration of migrations) {
    const known = rows.find((row) => row.migration_name === migration.name);
    if (known) assertSound(known, migration);
    else {
      await applyOne(client, migration);
      applied.push(migration.name);
    }
  }
  return applied;
}

function assertSound(row: LedgerRow, migration: Migration): void {
  if (!row.finished_at) {
    throw new Error(`Migration ${migration.name} failed earlier; mend it with "prisma migrate resolve" first.`);
  }
  if (row.checksum !== migration.checksum) {
    throw new Error(`Migration ${migration.name} was edited after it was applied.`);
  }
}

async function applyOne(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  const id = randomUUID();
  await client.query('INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)', [id, checksum, name]);
  try {
    await client.query(sql);
    await client.query('UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1', [id]);
  } catch (error) {
    await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, String(error)]);
    throw error;
  }
}
