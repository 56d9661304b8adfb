import { dirname, join } from 'node:path';
import { cacheFolder, shortPath } from '../checkout.mjs';
import { askVersion, findOnPath, isProgram } from './search.mjs';
import { LIVEKIT_VERSION, VERSITYGW_VERSION } from './versions.mjs';

/** @typedef {import('./search.mjs').Part} Part */

/**
 * Finds a Redis server for the control plane and the regions.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Part}
 */
export function findRedis(environment) {
  const program = findOnPath('redis-server', environment);
  const given = environment['REDIS_URL'];
  if (given) {
    return {
      name: 'redis',
      source: 'environment',
      words: 'environment',
      from: 'REDIS_URL',
      why: 'given',
      ...(program && { program }),
    };
  }
  if (program === undefined) {
    return {
      name: 'redis',
      source: 'none',
      words: 'none',
      from: '',
      why: 'no redis-server on PATH; the fall-backs of a single process serve',
    };
  }
  const words = `redis-server ${askVersion(program) ?? 'of unknown version'}`;
  return { name: 'redis', source: 'path', words, from: shortPath(dirname(program)), why: 'on PATH', program };
}

/**
 * Finds a LiveKit server.
 * @param {NodeJS.ProcessEnv} environment
 * @param {{simulate: boolean}} options
 * @returns {Part}
 */
export function findLiveKit(environment, { simulate }) {
  if (environment['MERIDIAN_REGIONS_FILE']) {
    return {
      name: 'livekit',
      source: 'environment',
      words: 'environment',
      from: 'MERIDIAN_REGIONS_FILE',
      why: 'given',
    };
  }
  const standIn = {
    name: /** @type {const} */ ('livekit'),
    source: /** @type {const} */ ('stand-in'),
    words: 'simulator',
    from: 'this checkout',
  };
  if (simulate) return { ...standIn, why: 'asked for with --simulate' };
  return (
    findProgram('livekit', 'livekit-server', LIVEKIT_VERSION, environment) ?? {
      ...standIn,
      why: 'no livekit-server on PATH or in the cache',
    }
  );
}

/**
 * Finds an S3 server.
 * @param {NodeJS.ProcessEnv} environment
 * @param {{simulate: boolean}} options
 * @returns {Part}
 */
export function findObjectStore(environment, { simulate }) {
  if (environment['MERIDIAN_REGIONS_FILE']) {
    return { name: 's3', source: 'environment', words: 'environment', from: 'MERIDIAN_REGIONS_FILE', why: 'given' };
  }
  const none = { name: /** @type {const} */ ('s3'), source: /** @type {const} */ ('none'), words: 'none', from: '' };
  if (simulate) return { ...none, why: 'the simulator keeps no objects' };
  return (
    findProgram('s3', 'versitygw', VERSITYGW_VERSION, environment) ?? {
      ...none,
      why: 'no versitygw on PATH or in the cache',
    }
  );
}

/** @returns {Part} */
export function findEgress() {
  return { name: 'egress', source: 'none', words: 'none', from: '', why: 'nothing records here' };
}

/**
 * @param {Part['name']} name
 * @param {string} programName
 * @param {string} version the one that the cache holds
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Part | undefined}
 */
function findProgram(name, programName, version, environment) {
  const onPath = findOnPath(programName, environment);
  if (onPath) {
    const words = `${programName} ${askVersion(onPath) ?? 'of unknown version'}`;
    return { name, source: 'path', words, from: shortPath(dirname(onPath)), why: 'on PATH', program: onPath };
  }
  const cached = join(cacheFolder(), `${programName}-${version}`, programName);
  if (!isProgram(cached)) return undefined;
  return {
    name,
    source: 'cache',
    words: `${programName} ${version}`,
    from: shortPath(dirname(cached)),
    why: 'in the cache',
    program: cached,
  };
}
