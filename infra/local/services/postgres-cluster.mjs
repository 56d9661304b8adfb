import { execFile, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '../failure.mjs';
import { makeClusterFolder, postgresDataFolder } from './postgres-home.mjs';

/** @typedef {import('../unprivileged-user.mjs').SystemUser} SystemUser */

/** The name of the database and of the user who owns it. */
export const DATABASE = 'meridian';

/**
 * Makes the cluster beside its place and moves it there when it is whole, so that a run killed in between leaves no
 * half one.
 * @param {{programs: string, stateFolder: string, cluster: string, password: string, user: SystemUser | undefined}}
 *   options
 * @throws {Failure} with the programs' own complaint
 */
export async function createCluster({ programs, stateFolder, cluster, password, user }) {
  const workshop = mkdtempSync(join(makeClusterFolder(stateFolder, cluster), 'unfinished-'));
  const passwordFile = join(workshop, 'password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user) for (const path of [workshop, passwordFile]) chownSync(path, user.uid, user.gid);
  const identity = user && { uid: user.uid, gid: user.gid };
  const unfinished = join(workshop, 'data');
  try {
    await promisify(execFile)(
      join(programs, 'initdb'),
      [
        `--pgdata=${unfinished}`,
        `--username=${DATABASE}`,
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { cwd: workshop, ...identity },
    );
    await createDatabase(join(programs, 'postgres'), unfinished, identity);
    renameSync(unfinished, postgresDataFolder(stateFolder, cluster));
  } catch (error) {
    throw new Failure(
      `initdb: ${/** @type {{stderr?: string}} */ (error).stderr || /** @type {Error} */ (error).message}`,
    );
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
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
