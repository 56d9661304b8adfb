import { readFileSync } from 'node:fs';

/** @typedef {import('./regions.mjs').RunningRegion} RunningRegion */

/**
 * The regions of the caller's own file, as far as it tells: for `local.json` only, since the product reads the file
 * itself.
 * @param {string} file
 * @param {{apiUrl: string, environment: NodeJS.ProcessEnv}} options
 * @returns {Promise<RunningRegion[]>}
 */
export async function readGivenRegions(file, { apiUrl, environment }) {
  const { parse } = await import('yaml');
  const { regions } = parse(readFileSync(file, 'utf8'));
  return regions.map((/** @type {any} */ region) => {
    const key = region.livekit.keys.find((/** @type {{use: string}} */ { use }) => use === 'sign') ?? {};
    return {
      id: region.id,
      livekitUrl: region.livekit.publicUrl,
      livekitApiUrl: region.livekit.apiUrl,
      keyId: key.key,
      secret: resolveReference(key.secret, environment),
      webhookUrl: `${apiUrl}/webhooks/livekit/${region.id}`,
      s3: describeStorage(region.storage, environment),
      pids: {},
    };
  });
}

/** @param {any} storage @param {NodeJS.ProcessEnv} environment */
function describeStorage(storage, environment) {
  if (!storage?.credentials) return null;
  return {
    endpoint: storage.endpoint,
    region: storage.s3Region,
    bucket: storage.bucket,
    accessKeyId: storage.credentials.accessKeyId,
    secretAccessKey: resolveReference(storage.credentials.secretAccessKey, environment),
  };
}

/**
 * @param {string | {env: string} | {file: string} | undefined} value
 * @param {NodeJS.ProcessEnv} environment
 * @returns {string | undefined}
 */
function resolveReference(value, environment) {
  if (value === undefined || typeof value === 'string') return value;
  return 'env' in value ? environment[value.env] : readFileSync(value.file, 'utf8').trim();
}
