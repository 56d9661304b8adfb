import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { explainEnd } from '../processes.mjs';
import { waitFor } from '../waiting.mjs';
import { signBodylessRequest } from './signature.mjs';

const READY_TIMEOUT_MS = 15_000;
const STOP_PATIENCE_MS = 5_000;
const CALL_TIMEOUT_MS = 2_000;

/**
 * One region's object store.
 * @typedef {{id: string, port: number, s3Region: string, bucket: string, accessKeyId: string, secretAccessKey: string}}
 *   ObjectStoreSettings
 */

/**
 * Starts an S3 server on loopback and returns when its bucket is there.
 * @param {{program: string, dataFolder: string, settings: ObjectStoreSettings, processes:
 *   import('../processes.mjs').Processes}} options
 * @returns {Promise<{pid: number, endpoint: string}>}
 */
export async function startObjectStore({ program, dataFolder, settings, processes }) {
  // The gateway wants each of them, absolute, and none inside another.
  const [buckets, versions, accounts] = ['buckets', 'versions', 'accounts'].map((name) => join(dataFolder, name));
  for (const folder of [buckets, versions, accounts])
    mkdirSync(/** @type {string} */ (folder), { recursive: true, mode: 0o700 });
  const running = processes.start({
    name: `s3-${settings.id}`,
    command: program,
    args: [
      `--port=127.0.0.1:${settings.port}`,
      `--region=${settings.s3Region}`,
      `--iam-dir=${accounts}`,
      '--quiet',
      '--disable-acl',
      'posix',
      `--versioning-dir=${versions}`,
      `${buckets}`,
    ],
    env: { ...process.env, ROOT_ACCESS_KEY: settings.accessKeyId, ROOT_SECRET_KEY: settings.secretAccessKey },
    ending: { stage: 'media', signal: 'SIGTERM', patienceMs: STOP_PATIENCE_MS },
  });
  const endpoint = `http://127.0.0.1:${settings.port}`;
  await waitFor(() => ensureBucket(endpoint, settings), {
    what: `s3 ${settings.id}`,
    timeoutMs: READY_TIMEOUT_MS,
    giveUp: () => explainEnd(running),
  });
  return { pid: running.pid, endpoint };
}

/** @param {string} endpoint @param {ObjectStoreSettings} settings */
async function ensureBucket(endpoint, settings) {
  const url = new URL(`/${settings.bucket}`, endpoint);
  const response = await fetch(url, {
    method: 'PUT',
    headers: signBodylessRequest({ ...settings, method: 'PUT', url, region: settings.s3Region, now: new Date() }),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  // 409: it is there from last time.
  if (response.ok || response.status === 409) return true;
  throw new Error(`PUT bucket answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
}
