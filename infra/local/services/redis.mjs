import { connect } from 'node:net';
import { explainEnd } from '../processes.mjs';
import { waitFor } from '../waiting.mjs';

const READY_TIMEOUT_MS = 10_000;
const STOP_PATIENCE_MS = 5_000;
const REPLY_TIMEOUT_MS = 500;

/**
 * Starts a Redis server on loopback. It keeps what it is told: a region's Redis that comes back empty makes LiveKit's
 * live rooms invisible, and nothing is ever evicted, since queues and leases live here.
 * @param {{program: string, name: string, port: number, dataFolder: string, processes:
 *   import('../processes.mjs').Processes}} options
 * @returns {Promise<{url: string, pid: number}>}
 */
export async function startRedis({ program, name, port, dataFolder, processes }) {
  const running = processes.start({
    name,
    command: program,
    args: Object.entries({
      port: String(port),
      bind: '127.0.0.1',
      dir: dataFolder,
      save: '',
      appendonly: 'yes',
      'maxmemory-policy': 'noeviction',
    }).flatMap(([name, value]) => [`--${name}`, value]),
    ending: { stage: 'store', signal: 'SIGTERM', patienceMs: STOP_PATIENCE_MS },
  });
  await waitFor(() => answersPing(port), {
    what: name,
    timeoutMs: READY_TIMEOUT_MS,
    giveUp: () => explainEnd(running),
  });
  return { url: `redis://127.0.0.1:${port}`, pid: running.pid };
}

/**
 * Whether a Redis has loaded its data and serves.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
async function answersPing(port) {
  return (await sendRedisCommand(port, 'PING').catch(() => '')).startsWith('+PONG');
}

/**
 * Sends one command without arguments that need quoting, and returns the raw reply.
 * @param {number} port
 * @param {string} command
 * @returns {Promise<string>}
 */
export function sendRedisCommand(port, command) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: REPLY_TIMEOUT_MS });
    socket.once('connect', () => socket.write(`${command}\r\n`));
    socket.once('data', (reply) => {
      socket.destroy();
      resolve(reply.toString());
    });
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error(`Redis on port ${port} did not answer ${command}`)));
  });
}
