import { setTimeout as delay } from 'node:timers/promises';
import { readSchemaState } from '../platform/database/schema-state.ts';
import { toAppError } from '../platform/http/problem.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Platform } from './platform.ts';

/** A deployment brings database, migrations and processes up side by side; longer than this nobody is coming. */
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 250;

export type StartPlatform = Pick<Platform, 'connections' | 'unitOfWork' | 'logger' | 'lifecycle' | 'config'>;

/**
 * Waits until Postgres answers and has this release's schema, and makes sure that it is the right database. Returns
 * early when the process is told to stop meanwhile.
 * @throws Error saying what is missing, after a minute.
 */
export async function untilDatabaseIsReady(platform: StartPlatform, patienceMs = PATIENCE_MS): Promise<void> {
  const { logger, lifecycle } = platform;
  const deadline = performance.now() + patienceMs;
  let told = '';
  while (!lifecycle.signal.aborted) {
    const missing = await findMissing(platform);
    if (missing === undefined) {
      await assertDeployment(platform);
      return;
    }
    if (performance.now() >= deadline) throw new Error(missing);
    if (missing !== told) logger.warn({ reason: missing }, 'waiting for the database');
    told = missing;
    await delay(LOOK_EVERY_MS, undefined, { signal: lifecycle.signal }).catch(() => {});
  }
}

/** What the database still lacks, in words; undefined when it is ready. */
async function findMissing({ connections, unitOfWork }: StartPlatform): Promise<string | undefined> {
  try {
    await connections.reach();
    const { missing } = await readSchemaState(unitOfWork.db, MIGRATIONS);
    return missing.length === 0 ? undefined : `The database is older than this release; run "meridian migrate" for ${missing.join(', ')}.`;
  } catch (error) {
    return `Postgres does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** @throws Error when the process was made for another deployment's database. */
async function assertDeployment({ config, unitOfWork }: StartPlatform): Promise<void> {
  const wanted = config.MERIDIAN_DEPLOYMENT_ID;
  if (wanted === undefined) return;
  const found = (await unitOfWork.db.deployment.findFirst({ select: { id: true } }))?.id;
  if (found !== wanted) throw new Error(`This database belongs to the deployment ${found}, not to ${wanted} (MERIDIAN_DEPLOYMENT_ID).`);
}

/**
 * Runs what reads from Postgres at the start, again if Postgres went away meanwhile; it must bear being run again.
 * @throws what it threw, when that is not Postgres' absence or goes on for a minute.
 */
export async function startThroughAbsence(start: () => Promise<void>, { logger, lifecycle }: StartPlatform, patienceMs = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      await start();
      return;
    } catch (error) {
      if (lifecycle.signal.aborted || performance.now() >= deadline || toAppError(error).code !== 'dependency.unavailable') throw error;
      logger.warn({ err: error }, 'Postgres went away during the start; trying again');
    }
    await delay(LOOK_EVERY_MS, undefined, { signal: lifecycle.signal }).catch(() => {});
  }
}
