import { inCheckout } from '../checkout.mjs';
import { explainEnd } from '../processes.mjs';
import { writePrivateFile } from '../state-folder.mjs';
import { waitFor } from '../waiting.mjs';

const READY_TIMEOUT_MS = 20_000;
const LOOK_TIMEOUT_MS = 1_000;
const STOP_PATIENCE_MS = 5_000;

/**
 * A region that the simulator plays; each has a port of its own, and `webhookKey` is the id of the key that signs its
 * webhooks.
 * @typedef {{id: string, port: number, keys: Record<string, string>, webhookUrl: string, webhookKey: string}}
 *   SimulatedRegion
 */

/**
 * Starts the product's simulator in place of LiveKit and returns when every region answers.
 * @param {{configurationFile: string, regions: SimulatedRegion[], processes: import('../processes.mjs').Processes}}
 *   options
 * @returns {Promise<{pid: number}>}
 */
export async function startSimulator({ configurationFile, regions, processes }) {
  writePrivateFile(configurationFile, `${JSON.stringify({ regions }, null, 2)}\n`);
  const running = processes.start({
    name: 'simulator',
    command: process.execPath,
    args: [inCheckout('dist', 'cli.js'), 'simulate', '--config', configurationFile],
    ending: { stage: 'media', signal: 'SIGTERM', patienceMs: STOP_PATIENCE_MS },
  });
  for (const { id, port } of regions) {
    await waitFor(() => answers(`http://127.0.0.1:${port}/`), {
      what: `simulator ${id}`,
      timeoutMs: READY_TIMEOUT_MS,
      giveUp: () => explainEnd(running),
    });
  }
  return { pid: running.pid };
}

/** @param {string} url */
async function answers(url) {
  await (await fetch(url, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) })).text();
  return true;
}
