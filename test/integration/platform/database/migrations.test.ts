import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../../../src/kernel/secret.ts';
import { migrate } from '../../../../src/platform/database/migrator.ts';
import { type TestDatabase, createTestDatabase } from '../../../support/test-database.ts';

const run = promisify(execFile);
const FOLDER = 'prisma/migrations';
const PRISMA_TIMEOUT_MS = 60_000;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

/** Runs Prisma's own command line against the test's database; rejects with its output when it ends with an error. */
function prisma(...words: string[]): Promise<{ stdout: string }> {
  const env = { ...process.env, DATABASE_URL: database.url };
  return run(process.execPath, ['node_modules/prisma/build/index.js', ...words], { env, timeout: PRISMA_TIMEOUT_MS });
}

describe('migrations', () => {
  test('say the same as the schema', async () => {
    // Exit code 2 = they differ; execFile rejects for any code but 0.
    await prisma('migrate', 'diff', '--from-migrations', FOLDER, '--to-schema', 'prisma/schema.prisma', '--exit-code');
  }, PRISMA_TIMEOUT_MS);

  test("leave Prisma's own ledger behind, so that an operator may use either", async () => {
    const { stdout } = await prisma('migrate', 'status');
    expect(stdout).toContain('Database schema is up to date');
  }, PRISMA_TIMEOUT_MS);

  test('are applied once, however many processes start at once', async () => {
    await database.query('DROP SCHEMA public CASCADE');
    await database.query('CREATE SCHEMA public');
    const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(new Secret(database.url), FOLDER)));
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    const rows = await database.query<{ id: string }>('SELECT id FROM deployment');
    expect(rows).toHaveLength(1);
  });

  test('that were edited after they were applied stop the next start', async () => {
    await database.query("UPDATE _prisma_migrations SET checksum = repeat('0', 64) WHERE migration_name LIKE '%_foundation'");
    await expect(migrate(new Secret(database.url), FOLDER)).rejects.toThrow('was edited after it was applied');
  });
});
