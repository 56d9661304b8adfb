import { LOCAL_REGIONS } from './regions.mjs';

/**
 * A local region before it runs: what will be said of it, and which ports its parts take.
 * @typedef {import('./regions.mjs').RunningRegion} RunningRegion
 * @typedef {{region: RunningRegion, s3Region: string, ports: {http: number, tcp: number, udp: number, metrics: number,
 *   redis?: number, s3?: number}}} RegionPlan
 */

/**
 * Decides where every part of the local regions will listen, before any is started, so that all can start at once.
 * @param {{ports: import('./ports.mjs').PortRegister, secrets: import('./secrets.mjs').StackSecrets, apiUrl: string,
 *   isSimulated: boolean, hasRedis: boolean, hasObjectStore: boolean}} options
 * @returns {Promise<RegionPlan[]>}
 */
export async function planRegions(options) {
  /** @type {RegionPlan[]} */
  const plans = [];
  for (const { id, s3Region } of LOCAL_REGIONS) plans.push(await planRegion(id, s3Region, options));
  return plans;
}

/**
 * @param {string} id
 * @param {string} s3Region
 * @param {Parameters<typeof planRegions>[0]} options
 * @returns {Promise<RegionPlan>}
 */
async function planRegion(id, s3Region, { ports, secrets, apiUrl, isSimulated, hasRedis, hasObjectStore }) {
  const take = (/** @type {string} */ what) => ports.take(`${id}-${what}`);
  const secret = secrets.regions[id];
  if (secret === undefined) throw new Error(`no secrets for ${id}`);
  const http = await take('livekit');
  const media = isSimulated
    ? { tcp: 0, udp: 0, metrics: 0 }
    : { tcp: await take('livekit-tcp'), udp: await take('livekit-udp'), metrics: await take('livekit-metrics') };
  const redis = hasRedis && !isSimulated ? await take('redis') : undefined;
  const s3 = hasObjectStore ? await take('s3') : undefined;
  const address = `http://127.0.0.1:${http}`;
  return {
    s3Region,
    ports: { http, ...media, ...(redis !== undefined && { redis }), ...(s3 !== undefined && { s3 }) },
    region: {
      id,
      livekitUrl: `ws://127.0.0.1:${http}`,
      livekitApiUrl: address,
      keyId: secret.keyId,
      secret: secret.secret,
      webhookUrl: `${apiUrl}/webhooks/livekit/${id}`,
      s3: s3 === undefined ? null : describeBucket({ id, port: s3, s3Region, secret }),
      redisUrl: redis === undefined ? undefined : `redis://127.0.0.1:${redis}`,
      simulator: isSimulated ? address : undefined,
      pids: {},
    },
  };
}

/** @param {{id: string, port: number, s3Region: string, secret: import('./secrets.mjs').RegionSecrets}} options */
function describeBucket({ id, port, s3Region, secret: { accessKeyId, secretAccessKey } }) {
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: s3Region,
    bucket: `meridian-${id}`,
    accessKeyId,
    secretAccessKey,
  };
}
