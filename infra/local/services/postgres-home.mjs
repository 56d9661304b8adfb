import { createHash } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.mjs';
import { findStartTime } from '../process-identity.mjs';
import { findUnprivilegedUser, openFolder } from '../unprivileged-user.mjs';

/** @typedef {import('../unprivileged-user.mjs').SystemUser} SystemUser */

const PREFIX = 'meridian-postgres-';
/** In a home apart from its state: whose it is. */
const OWNER_FILE = 'state-folder';

/**
 * The place of all data of a state: inside it when our own user runs Postgres, else (as root) a folder that the
 * unprivileged user can reach, keyed by the place of the state.
 * @param {string} stateFolder
 */
function postgresHome(stateFolder) {
  if (findUnprivilegedUser() === undefined) return join(stateFolder, 'postgres');
  const key = createHash('sha256').update(stateFolder).digest('hex').slice(0, 12);
  return join(openFolder(), `${PREFIX}${key}`);
}

/**
 * @param {string} stateFolder
 * @param {string} [cluster] its name, where a state has several
 */
export function postgresDataFolder(stateFolder, cluster = 'main') {
  return join(postgresHome(stateFolder), cluster, 'data');
}

/** @param {string} stateFolder */
export function removePostgresHome(stateFolder) {
  rmSync(postgresHome(stateFolder), { recursive: true, force: true, maxRetries: 5 });
}

/**
 * Makes an empty folder for one cluster. What is there without whole data is of a run that was killed.
 * @param {string} stateFolder
 * @param {string} cluster
 * @returns {string}
 * @throws {Failure} when somebody else has taken the place
 */
export function makeClusterFolder(stateFolder, cluster) {
  const user = findUnprivilegedUser();
  const home = postgresHome(stateFolder);
  const left = statSync(home, { throwIfNoEntry: false });
  if (left && left.uid !== (user?.uid ?? process.getuid?.())) {
    throw new Failure(`${home} belongs to another user`, 'Remove it, or name another state with --state DIR.');
  }
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, OWNER_FILE), stateFolder);
  const folder = join(home, cluster);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  mkdirSync(folder, { mode: 0o700 });
  if (user) for (const path of [home, folder]) chownSync(path, user.uid, user.gid);
  return folder;
}

/** Removes the data of states that were deleted: as root they lie elsewhere and would stay for ever. */
export function removeOrphanedHomes() {
  const user = findUnprivilegedUser();
  if (user === undefined) return;
  const homes = readdirSync(openFolder())
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => join(openFolder(), name));
  for (const home of homes) {
    if (isOrphaned(home, user)) rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** @param {string} home @param {SystemUser} user */
function isOrphaned(home, user) {
  const ownerFile = join(home, OWNER_FILE);
  if (statSync(home, { throwIfNoEntry: false })?.uid !== user.uid || !existsSync(ownerFile)) return false;
  return !existsSync(readFileSync(ownerFile, 'utf8')) && !readdirSync(home).some((name) => isRunning(join(home, name)));
}

/** @param {string} cluster */
function isRunning(cluster) {
  const file = join(cluster, 'data', 'postmaster.pid');
  return existsSync(file) && findStartTime(Number.parseInt(readFileSync(file, 'utf8'), 10)) !== undefined;
}
