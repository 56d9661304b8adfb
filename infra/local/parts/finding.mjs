import { printLine } from '../output.mjs';
import { postgresDataFolder } from '../services/postgres-home.mjs';
import { findDataMajor } from '../services/postgres.mjs';
import { findPostgres } from './postgres-part.mjs';
import { findEgress, findLiveKit, findObjectStore, findRedis } from './program-parts.mjs';

/** @typedef {import('./search.mjs').Part} Part */
/** @typedef {{postgres: Part, redis: Part, livekit: Part, egress: Part, s3: Part}} Parts */

/**
 * Finds every part of the stack, from the environment down to the stand-ins.
 * @param {NodeJS.ProcessEnv} environment
 * @param {{simulate: boolean, stateFolder?: string}} options
 * @returns {Parts}
 */
export function findParts(environment, { simulate, stateFolder }) {
  const dataMajor = stateFolder === undefined ? undefined : findDataMajor(postgresDataFolder(stateFolder));
  return {
    postgres: findPostgres(environment, { dataMajor }),
    redis: findRedis(environment),
    livekit: findLiveKit(environment, { simulate }),
    egress: findEgress(),
    s3: findObjectStore(environment, { simulate }),
  };
}

const WORDS_WIDTH = 23;

/** One line for each part: what was taken, from where, which version, and why. @param {Parts} parts */
export function printParts(parts) {
  for (const { name, words, from, why } of Object.values(parts)) {
    printLine(name, words.padEnd(WORDS_WIDTH), [from, why].filter(Boolean).join(' · '));
  }
}

/**
 * What is not the real thing, in the words of the parts.
 * @param {Parts} parts
 * @returns {Part[]}
 */
export function listStandIns({ postgres, redis, livekit, s3 }) {
  return [postgres, redis, livekit, s3].filter(({ source }) => source === 'stand-in' || source === 'none');
}
