import { createHash } from 'node:crypto';
import { execFile, spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '../failure.mjs';
import { explainEnd } from '../processes.mjs';
import { ensureReachable, findUnprivilegedUser, openFolder } from '../unprivileged-user.mjs';
import { waitFor } from '../waiting.mjs';

/** @typedef {import('../unprivileged-user.mjs').SystemUser} SystemUser */

const DATABASE = 'meridian';
const READY_TIMEOUT_MS = 30_000;
/** A fast shutdown writes a checkpoint; on a slow disk that is seconds. */
const STOP_PATIENCE_MS = 15_000;
/** Several replicas, a worker and a test suite, each with its own pool. */
const MAX_CONNECTIONS = 300;

/**
 * The place of all data of a state: inside it when our own user runs Postgres, else (as root) a folder that the
 * unprivileged user can reach, keyed by the place of the state.
 * @param {string} stateFolder
 */
export function postgresHome(stateFolder) {
  if (findUnprivilegedUser() === undefined) return join(stateFolder, 'postgres');
  const key = createHash('sha256').update(stateFolder).digest('hex').slice(0, 12);
  return join(openFolder(), `meridian-postgres-${key}`);
}

/**
 * @param {string} stateFolder
 * @param {string} [cluster] its name, where a state has several
 */
export function postgresDataFolder(stateFolder, cluster = 'main') {
  return join(postgresHome(stateFolder), cluster, 'data');
}

/**
 * Which major version wrote the data, if there are any.
 * @param {string} dataFolder
 * @returns {number | undefined}
 */
export function findDataMajor(dataFolder) {
  const file = join(dataFolder, 'PG_VERSION');
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
}

/**
 * Brings up a cluster with one database, listening on loopback only and asking for a password.
 * @param {{bin: string, version: string, dataFolder: string, port: number, password: string, isDurable: boolean, name?:
 *   string, processes: import('../processes.mjs').Processes}} options `isDurable: false` for tests: nothing survives a
 *   power cut
 * @returns {Promise<{url: string, pid: number}>}
 */
export async function startPostgres({
  bin,
  version,
  dataFolder,
  port,
  password,
  isDurable,
  name = 'postgres',
  processes,
}) {
  const user = findUnprivilegedUser();
  const programs = user ? join(ensureReachable(dirname(bin), `postgres-${version}`, user), 'bin') : bin;
  if (findDataMajor(dataFolder) === undefined) await createCluster({ programs, dataFolder, password, user });
  const running = processes.start({
    name,
    command: join(programs, 'postgres'),
    args: ['-D', dataFolder, '-h', '127.0.0.1', '-p', String(port), '-k', '', ...settings(isDurable)],
    cwd: dataFolder,
    user: user && { uid: user.uid, gid: user.gid },
    ending: { stage: 'store', signal: 'SIGINT', patienceMs: STOP_PATIENCE_MS },
  });
  await waitFor(() => isReady(dataFolder, running.pid), {
    what: 'postgres',
    timeoutMs: READY_TIMEOUT_MS,
    giveUp: () => explainEnd(running),
  });
  return { url: `postgresql://${DATABASE}:${password}@127.0.0.1:${port}/${DATABASE}`, pid: running.pid };
}

/** @param {boolean} isDurable */
function settings(isDurable) {
  const durability = isDurable
    ? []
    : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum_naptime=60'];
  return [`max_connections=${MAX_CONNECTIONS}`, 'log_min_messages=warning', ...durability].flatMap((setting) => [
    '-c',
    setting,
  ]);
}

/**
 * The server's own word: the last line of its pid file turns to "ready".
 * @param {string} dataFolder
 * @param {number} pid
 */
function isReady(dataFolder, pid) {
  const lines = readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
}

/**
 * Makes the cluster beside its place and moves it there when it is whole, so that a run killed in between leaves no
 * half one.
 * @param {{programs: string, dataFolder: string, password: string, user: SystemUser | undefined}} options
 */
async function createCluster({ programs, dataFolder, password, user }) {
  makeHome(dirname(dirname(dataFolder)), user);
  makeClusterFolder(dirname(dataFolder), user);
  const workshop = mkdtempSync(join(dirname(dataFolder), 'unfinished-'));
  const passwordFile = join(workshop, 'password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user) for (const path of [workshop, passwordFile]) chownSync(path, user.uid, user.gid);
  const identity = user && { uid: user.uid, gid: user.gid };
  const unfinished = join(workshop, 'data');
  try {
    await promisify(execFile)(
      join(programs, 'initdb'),
      [
        '-D',
        unfinished,
        '-U',
        DATABASE,
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { cwd: workshop, ...identity },
    );
    await createDatabase(join(programs, 'postgres'), unfinished, identity);
    renameSync(unfinished, dataFolder);
  } catch (error) {
    throw new Failure(
      `initdb: ${/** @type {{stderr?: string}} */ (error).stderr || /** @type {Error} */ (error).message}`,
    );
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/**
 * The folder above all clusters of a state, for one user only.
 * @param {string} home
 * @param {SystemUser | undefined} user
 */
function makeHome(home, user) {
  const left = statSync(home, { throwIfNoEntry: false });
  if (left && left.uid !== (user?.uid ?? process.getuid?.())) {
    throw new Failure(`${home} belongs to another user`, 'Remove it, or name another state with --state DIR.');
  }
  mkdirSync(home, { recursive: true, mode: 0o700 });
  if (user) chownSync(home, user.uid, user.gid);
}

/**
 * What is left here without whole data is of a run that was killed, or of a state that is gone.
 * @param {string} folder
 * @param {SystemUser | undefined} user
 */
function makeClusterFolder(folder, user) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  mkdirSync(folder, { mode: 0o700 });
  if (user) chownSync(folder, user.uid, user.gid);
}

/**
 * The server's single-user mode needs no client, and there may be none yet.
 * @param {string} program
 * @param {string} dataFolder
 * @param {{uid: number, gid: number} | undefined} identity
 * @returns {Promise<void>}
 */
function createDatabase(program, dataFolder, identity) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['--single', '-F', '-D', dataFolder, 'postgres'], {
      stdio: ['pipe', 'ignore', 'pipe'],
      cwd: dataFolder,
      ...identity,
    });
    let complaint = '';
    child.stderr.on('data', (chunk) => (complaint += chunk));
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(complaint))));
    child.stdin.end(`CREATE DATABASE ${DATABASE}\n`);
  });
}
