import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const ASK_TIMEOUT_MS = 5_000;

/**
 * Where a part of the stack comes from. `words` is what `local.json` says of it; `why` completes the sentence "taken
 * because it is …".
 * @typedef {{name: 'postgres' | 'redis' | 'livekit' | 'egress' | 's3', source: 'environment' | 'path' | 'cache' |
 *   'package' | 'stand-in' | 'none', words: string, from: string, why: string, program?: string, major?: number}} Part
 */

/** @param {string} path */
export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * The first program of that name on PATH, links unresolved: some programs (redis-server) are one file that goes by its
 * name.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} environment
 * @returns {string | undefined}
 */
export function findOnPath(name, environment) {
  return (environment['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isProgram);
}

/**
 * Asks a program for its version and takes the first number that looks like one.
 * @param {string} program
 * @param {string[]} args
 * @returns {string | undefined}
 */
export function askVersion(program, args = ['--version']) {
  try {
    const text = execFileSync(program, args, {
      encoding: 'utf8',
      timeout: ASK_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /\d+\.\d+(?:\.\d+)*/.exec(text)?.[0];
  } catch {
    return undefined;
  }
}
