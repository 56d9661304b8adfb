import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { inject } from 'vitest';
import { signalTree } from '../../infra/local/process-tree.mjs';
import { startPostgres } from '../../infra/local/services/postgres.mjs';
import { Secret } from '../../src/kernel/secret.ts';
import { migrate } from '../../src/platform/database/migrator.ts';
import './provided-context.ts';
import { openTestRun } from './test-run.ts';

const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
const CONNECT_TIMEOUT_MS = 10_000;

/** A database of a test file's own. */
export interface TestDatabase {
  readonly url: string;
  /** Looks past the product: one statement on a connection of its own. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/**
 * Clones the migrated template: a fresh database in some ten milliseconds, so that files run side by side and never
 * clean up.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { adminUrl, templateDatabase } = inject('postgres');
  const name = `meridian_test_${randomBytes(6).toString('hex')}`;
  await runSql(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${templateDatabase}`);
  const url = withDatabase(adminUrl, name);
  return {
    url,
    query: <Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => runSql<Row>(url, sql, values),
    drop: async () => {
      await runSql(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** Makes the template that test files clone, in the server of the environment or in one of our own. */
export async function prepareTemplate(runFolder: string): Promise<{ adminUrl: string; templateDatabase: string }> {
  const adminUrl = process.env['DATABASE_URL'] || (await startPostgresServer(runFolder)).url;
  const templateDatabase = `meridian_template_${randomBytes(6).toString('hex')}`;
  await runSql(adminUrl, `CREATE DATABASE ${templateDatabase}`);
  await migrate(new Secret(withDatabase(adminUrl, templateDatabase)), MIGRATIONS);
  return { adminUrl, templateDatabase };
}

/** A Postgres cluster that a test may stop, freeze and kill. Nothing in it survives a power cut. */
export interface PostgresServer {
  readonly url: string;
  readonly pid: number;
  /** Stops every process of it, as a hung machine would: connections stay open and nobody answers. */
  freeze(): void;
  thaw(): void;
  /** Ends every process of it without a word. */
  kill(): void;
}

/** Starts a cluster of its own, with one empty database. */
export async function startPostgresServer(runFolder: string = inject('runFolder')): Promise<PostgresServer> {
  const { state, processes, ports, parts } = openTestRun(runFolder);
  const { program, words } = parts.postgres;
  if (!program) throw new Error('There is no Postgres program on this machine, only DATABASE_URL.');
  const name = `postgres-${randomBytes(4).toString('hex')}`;
  const { url, pid } = await startPostgres({
    bin: program,
    version: words.split(' ')[1] ?? '',
    stateFolder: state.path,
    cluster: name,
    port: await ports.take(name),
    password: randomBytes(12).toString('hex'),
    isDurable: false,
    processes,
  });
  return {
    url,
    pid,
    freeze: () => signalTree(pid, 'SIGSTOP'),
    thaw: () => signalTree(pid, 'SIGCONT'),
    kill: () => signalTree(pid, 'SIGKILL'),
  };
}

async function runSql<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
