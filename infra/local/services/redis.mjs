import { connect } from 'node:net';
import { explainEnd } from '../processes.mjs';
import { waitFor } from '../waiting.mjs';

const READY_TIMEOUT_MS = 10_000;
const STOP_PATIENCE_MS = 5_000;
const PING_TIMEOUT_MS = 500;

/**
 * Starts a Redis server on loopback. It keeps what it is told: a region's Redis that comes back empty makes LiveKit's live
 * rooms invisible, and nothing is ever evicted, since queues and leases live here.
 * @param {{program: string, name: string, port: number, dataFolder: string, processes: import('../processes.mjs').Processes}} options
 * @returns {Promise<{url: string, pid: number}>}
 */
export async function startRedis({ program, name, port, dataFolder, processes }) {
  const running = processes.start({
    name,
    command: program,
    args: [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dataFolder],
      ...['--save', '', '--appendonly', 'yes', '--maxmemory-policy', 'noeviction'],
    ],
    ending: { stage: 'store', signal: 'SIGTERM', patienceMs: STOP_PATIENCE_MS },
  });
  await waitFor(() => answersPing(port), { what: name, timeoutMs: READY_TIMEOUT_MS, giveUp: () => explainEnd(running) });
  return { url: `redis://127.0.0.1:${port}`, pid: running.pid };
}

/**
 * Whether a Redis has loaded its data and serves.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function answersPing(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: PING_TIMEOUT_MS });
    /** @param {boolean} answer */
    const finish = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (reply) => finish(reply.toString().startsWith('+PONG')));
    socket.once('error', () => finish(false));
    socket.once('timeout', () => finish(false));
  });
}
