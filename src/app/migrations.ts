import { fileURLToPath } from 'node:url';
import { listMigrations } from '../platform/database/migrator.ts';

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** The migrations that this release brings, oldest first. */
export const MIGRATIONS: readonly string[] = listMigrations(MIGRATIONS_FOLDER);
