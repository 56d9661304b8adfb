import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { Failure } from './failure.mjs';

/**
 * Below the range from which systems take ports for outgoing connections (32768 on Linux), so that none is lost between
 * choosing and binding.
 */
const LOWEST = 15_000;
const HIGHEST = 32_700;
const TRIES = 200;

/**
 * Whether a server could listen there now.
 * @param {number} port
 * @param {string} [host]
 * @returns {Promise<boolean>}
 */
function isFree(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Hands out ports, the same ones as last time where they are still free, so that addresses which others have noted stay
 * true.
 * @param {{read: () => Record<string, number> | undefined, write: (ports: Record<string, number>) => void}} record
 */
export function createPortRegister(record) {
  /** @type {Record<string, number>} */
  const ports = { ...record.read() };
  const taken = new Set();
  return {
    /** @param {string} name what the port is for @returns {Promise<number>} */
    take: async (name) => {
      const port = await choosePort(ports[name], taken);
      taken.add(port);
      ports[name] = port;
      record.write(ports);
      return port;
    },
  };
}

/** @typedef {ReturnType<typeof createPortRegister>} PortRegister */

/** @param {number | undefined} wanted @param {Set<number>} taken */
async function choosePort(wanted, taken) {
  if (wanted !== undefined) taken.add(wanted);
  if (wanted !== undefined && (await isFreeEverywhere(wanted))) return wanted;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (taken.has(port)) continue;
    taken.add(port);
    if (await isFreeEverywhere(port)) return port;
  }
  throw new Failure(`no free port between ${LOWEST} and ${HIGHEST}`);
}

/** LiveKit's TCP media port listens on every interface whatever it is told. @param {number} port */
async function isFreeEverywhere(port) {
  return (await isFree(port)) && (await isFree(port, '0.0.0.0'));
}

/**
 * @param {number} port
 * @param {string} what
 * @throws {Failure} naming the port when something else listens there
 */
export async function requireFreePort(port, what) {
  if (await isFree(port)) return;
  throw new Failure(
    `port ${port} is taken, and ${what} was to listen there`,
    `Choose another: npm start -- --port ${port + 10}`,
  );
}
