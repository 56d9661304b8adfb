import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { Failure } from './failure.mjs';

/** More replicas than this on one machine measure the machine, not the product. */
const MOST_REPLICAS = 16;
const DEFAULT_PORT = 8080;

/**
 * What `npm start` was asked for.
 * @typedef {{once: boolean, replicas: number, port: number, simulate: boolean, stateFolder: string, fresh: boolean}}
 *   StartArguments
 */

/**
 * Reads the flags of `npm start`.
 * @param {string[]} argv without the program's own name
 * @param {NodeJS.ProcessEnv} environment
 * @returns {StartArguments}
 */
export function parseStartArguments(argv, environment) {
  const { values } = parseFlags(argv);
  return {
    once: values.once ?? false,
    replicas: parseWhole('--replicas', values.replicas ?? '1', 1, MOST_REPLICAS),
    port: parseWhole('--port', values.port ?? environment['MERIDIAN_PORT'] ?? String(DEFAULT_PORT), 1, 65_535),
    simulate: values.simulate ?? false,
    stateFolder: resolve(values.state ?? '.meridian'),
    fresh: values.fresh ?? false,
  };
}

/** @param {string[]} argv */
function parseFlags(argv) {
  try {
    return parseArgs({
      args: argv,
      options: {
        once: { type: 'boolean' },
        replicas: { type: 'string' },
        port: { type: 'string' },
        simulate: { type: 'boolean' },
        state: { type: 'string' },
        fresh: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new Failure(
      /** @type {Error} */ (error).message.split('. ')[0] ?? 'unknown flag',
      'npm start -- [--once] [--replicas N] [--port P] [--simulate] [--state DIR] [--fresh]',
    );
  }
}

/** @param {string} flag @param {string} text @param {number} least @param {number} most */
function parseWhole(flag, text, least, most) {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Failure(`${flag} must be a whole number from ${least} to ${most}, not "${text}"`);
}
