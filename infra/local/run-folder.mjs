import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './process-identity.mjs';
import { createProcesses } from './processes.mjs';
import { removeOrphanedHomes, removePostgresHome } from './services/postgres-home.mjs';
import { openStateFolder, ownState } from './state-folder.mjs';

/** @typedef {import('./state-folder.mjs').StateFolder} StateFolder */

/** Long after this a folder without an owner is what a killed run left. */
const BEGINNING_MS = 60_000;

/**
 * A state folder for one run of the tests, gone afterwards. What runs that were killed left behind, processes too, is
 * cleaned up first.
 * @returns {Promise<{path: string, remove: () => Promise<void>}>}
 */
export async function openRunFolder() {
  const home = join(tmpdir(), `meridian-tests-${process.getuid?.() ?? 0}`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(home)) if (isAbandoned(join(home, name))) await removeRun(join(home, name));
  removeOrphanedHomes();
  const state = openStateFolder(join(home, `${process.pid}-${randomBytes(4).toString('hex')}`));
  await ownState(state);
  return { path: state.path, remove: () => removeRun(state.path) };
}

/**
 * Other runs begin and end at this moment: a folder without an owner may be of either.
 * @param {string} path
 */
function isAbandoned(path) {
  try {
    const { mtimeMs } = statSync(path);
    const file = join(path, 'owner.json');
    if (!existsSync(file)) return Date.now() - mtimeMs > BEGINNING_MS;
    return !isAlive(JSON.parse(readFileSync(file, 'utf8')).self);
  } catch {
    return false;
  }
}

/**
 * Ends what the run's processes have started and not ended yet (a test file's own servers outlive it for a moment), and
 * removes its files. Another run may be doing the same at this moment.
 * @param {string} path
 */
async function removeRun(path) {
  try {
    for (const name of readdirSync(path).filter((file) => file.startsWith('processes-'))) {
      const record = { read: () => JSON.parse(readFileSync(join(path, name), 'utf8')), write: () => undefined };
      await createProcesses({ logFolder: path, record }).endLeftovers();
    }
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    removePostgresHome(path);
  } catch {
    // What is left is looked at again by the next run.
  }
}

/** @param {StateFolder} state @param {string} name */
function recordIn(state, name) {
  return {
    read: () => state.read(name),
    write: (/** @type {import('./processes.mjs').RecordedProcess[]} */ list) => state.write(name, list),
  };
}

/**
 * The processes that this process starts for the run in that folder. They end with it at the latest.
 * @param {string} path of an open run folder
 */
export function createRunProcesses(path) {
  const state = openStateFolder(path);
  const processes = createProcesses({
    logFolder: state.folder('logs'),
    record: recordIn(state, `processes-${process.pid}-${randomBytes(4).toString('hex')}.json`),
  });
  process.once('exit', () => processes.killAllNow());
  return { state, processes };
}
