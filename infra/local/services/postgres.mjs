import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { explainEnd } from '../processes.mjs';
import { ensureReachable, findUnprivilegedUser } from '../unprivileged-user.mjs';
import { waitFor } from '../waiting.mjs';
import { DATABASE, createCluster } from './postgres-cluster.mjs';
import { postgresDataFolder } from './postgres-home.mjs';

const READY_TIMEOUT_MS = 30_000;
/** A fast shutdown writes a checkpoint; on a slow disk that is seconds. */
const STOP_PATIENCE_MS = 15_000;
/** Several replicas, a worker and a test suite, each with its own pool. */
const MAX_CONNECTIONS = 300;

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
 * @param {{bin: string, version: string, stateFolder: string, cluster?: string, port: number, password: string,
 *   isDurable: boolean, processes: import('../processes.mjs').Processes}} options `cluster` names one of several of a
 *   state; `isDurable: false` is for tests: nothing survives a power cut
 * @returns {Promise<{url: string, pid: number}>}
 */
export async function startPostgres({
  bin,
  version,
  stateFolder,
  cluster = 'main',
  port,
  password,
  isDurable,
  processes,
}) {
  const user = findUnprivilegedUser();
  const dataFolder = postgresDataFolder(stateFolder, cluster);
  const programs = user ? join(ensureReachable(dirname(bin), `postgres-${version}`, user), 'bin') : bin;
  if (findDataMajor(dataFolder) === undefined) await createCluster({ programs, stateFolder, cluster, password, user });
  const running = processes.start({
    name: cluster === 'main' ? 'postgres' : cluster,
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
