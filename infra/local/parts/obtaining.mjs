import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, shortPath } from '../checkout.mjs';
import { runCommand } from '../command.mjs';
import { findPostgres } from './postgres-part.mjs';
import { findLiveKit, findObjectStore, findRedis } from './program-parts.mjs';
import { findOnPath, isProgram } from './search.mjs';
import { LIVEKIT_VERSION, VERSITYGW_VERSION } from './versions.mjs';

const PACKAGES_TIMEOUT_MS = 10 * 60_000;
/** A cold build of LiveKit on two busy cores was seen to take ten minutes. */
const BUILD_TIMEOUT_MS = 45 * 60_000;

/**
 * A real part that is not here, and the way to get it: `obtain` is absent where this machine offers none, and `how`
 * says why.
 * @typedef {{name: string, how: string, obtain?: () => Promise<void>}} MissingPart
 */

/**
 * Lists the real parts that this machine lacks.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {MissingPart[]}
 */
export function listMissingParts(environment) {
  // What the caller supplies replaces nothing here: parts are obtained for the tests as well, which bring their own.
  const { DATABASE_URL: _database, REDIS_URL: _redis, MERIDIAN_REGIONS_FILE: _regions, ...rest } = environment;
  const isAbsent = { postgres: !hasSystemPostgres(rest), redis: findRedis(rest).program === undefined };
  return [
    ...(isAbsent.postgres ? [systemPackage('postgres', 'postgresql', rest)] : []),
    ...(isAbsent.redis ? [systemPackage('redis', 'redis-server', rest)] : []),
    ...(findLiveKit(rest, { simulate: false }).program
      ? []
      : [
          goProgram('livekit', 'livekit-server', LIVEKIT_VERSION, 'github.com/livekit/livekit-server/cmd/server', rest),
        ]),
    ...(findObjectStore(rest, { simulate: false }).program
      ? []
      : [goProgram('s3', 'versitygw', VERSITYGW_VERSION, 'github.com/versity/versitygw/cmd/versitygw', rest)]),
  ];
}

/** @param {NodeJS.ProcessEnv} environment */
function hasSystemPostgres(environment) {
  try {
    return findPostgres(environment).source !== 'package';
  } catch {
    return false;
  }
}

/** @param {string} name @param {string} packageName @param {NodeJS.ProcessEnv} environment @returns {MissingPart} */
function systemPackage(name, packageName, environment) {
  const aptGet = findOnPath('apt-get', environment);
  if (aptGet === undefined || process.getuid?.() !== 0) {
    return { name, how: `install ${packageName} with this machine's package manager` };
  }
  const options = { env: { ...environment, DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: PACKAGES_TIMEOUT_MS };
  return {
    name,
    how: `apt-get install ${packageName}`,
    obtain: async () => {
      await runCommand(aptGet, ['update', '-q'], options);
      // Never an upgrade: a Postgres that is replaced under a running server breaks it.
      await runCommand(
        aptGet,
        ['install', '-y', '-q', '--no-install-recommends', '--no-upgrade', packageName],
        options,
      );
    },
  };
}

/**
 * @param {string} name
 * @param {string} program
 * @param {string} version
 * @param {string} source
 * @param {NodeJS.ProcessEnv} environment
 * @returns {MissingPart}
 */
function goProgram(name, program, version, source, environment) {
  const go = findOnPath('go', environment) ?? ['/usr/local/go/bin/go'].find(isProgram);
  if (go === undefined)
    return { name, how: `install Go (https://go.dev/dl), then npm run parts builds ${program} ${version}` };
  return {
    name,
    how: `go install ${source}@v${version}`,
    obtain: () => buildProgram({ go, program, version, source, environment }),
  };
}

/** @param {{go: string, program: string, version: string, source: string, environment: NodeJS.ProcessEnv}} options */
async function buildProgram({ go, program, version, source, environment }) {
  mkdirSync(cacheFolder(), { recursive: true });
  // A folder of its own: the programs have names like "server", and a build that is cut short must not look like one.
  const workshop = mkdtempSync(join(cacheFolder(), 'building-'));
  try {
    await runCommand(go, ['install', '-trimpath', '-ldflags=-s -w', `${source}@v${version}`], {
      cwd: workshop,
      env: { ...environment, GOBIN: workshop },
      timeoutMs: BUILD_TIMEOUT_MS,
    });
    const built = source.split('/').at(-1) ?? program;
    const finished = join(workshop, 'finished');
    mkdirSync(finished);
    renameSync(join(workshop, built), join(finished, program));
    const place = join(cacheFolder(), `${program}-${version}`);
    if (existsSync(place)) rmSync(place, { recursive: true });
    renameSync(finished, place);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** Where what is built goes, for a person. */
export function describeCache() {
  return shortPath(cacheFolder());
}
