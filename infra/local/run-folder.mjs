import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './process-identity.mjs';
import { createProcesses } from './processes.mjs';
import { postgresHome } from './services/postgres.mjs';
import { openStateFolder, ownState } from './state-folder.mjs';

/** @typedef {import('./state-folder.mjs').StateFolder} StateFolder */

/**
 * A state folder for one run of the tests, gone afterwards. What runs that were killed left behind, processes too, is
 * cleaned up first.
 * @returns {Promise<{path: string, remove: () => void}>}
 */
export async function openRunFolder() {
  const home = join(tmpdir(), `meridian-tests-${process.getuid?.() ?? 0}`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(home)) await removeIfAbandoned(join(home, name));
  const state = openStateFolder(join(home, `${process.pid}-${randomBytes(4).toString('hex')}`));
  await ownState(state);
  return { path: state.path, remove: () => removeRun(state.path) };
}

/** @param {string} path */
async function removeIfAbandoned(path) {
  if (!existsSync(path)) return;
  const state = openStateFolder(path);
  const owner = state.read('owner.json')?.self;
  if (owner !== undefined && isAlive(owner)) return;
  for (const name of readdirSync(path).filter((file) => file.startsWith('processes'))) {
    await createProcesses({ logFolder: path, record: recordIn(state, name) }).endLeftovers();
  }
  removeRun(path);
}

/** @param {string} path */
function removeRun(path) {
  rmSync(path, { recursive: true, force: true });
  rmSync(postgresHome(path), { recursive: true, force: true });
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
    record: recordIn(state, `processes-${process.pid}.json`),
  });
  process.once('exit', () => processes.killAllNow());
  return { state, processes };
}
