/**
 * A region of the local stack as it runs: what `local.json` and the product's configuration are made from.
 * @typedef {{id: string, livekitUrl: string, livekitApiUrl: string, keyId: string, secret: string, webhookUrl: string,
 *   s3: {endpoint: string, region: string, bucket: string, accessKeyId: string, secretAccessKey: string} | null,
 *   redisUrl?: string | undefined, simulator?: string | undefined,
 *   pids: {livekit?: number, redis?: number, s3?: number}}} RunningRegion
 */

/** The two regions of the local stack: far enough apart that geography decides between them. */
export const LOCAL_REGIONS = /** @type {const} */ ([
  { id: 'eu-fra', name: 'Frankfurt', latitude: 50.11, longitude: 8.68, jurisdiction: 'EU', s3Region: 'eu-central-1' },
  { id: 'us-iad', name: 'Ashburn', latitude: 39.04, longitude: -77.49, jurisdiction: 'US', s3Region: 'us-east-1' },
]);

export const LOCAL_REGION_IDS = LOCAL_REGIONS.map(({ id }) => id);

/**
 * The regions document that the product applies at start.
 * @param {readonly RunningRegion[]} running
 * @returns {string} JSON, which is YAML
 */
export function regionsDocument(running) {
  const regions = running.map((region) => {
    const local = LOCAL_REGIONS.find(({ id }) => id === region.id);
    if (local === undefined) throw new Error(`${region.id} is not one of the local regions`);
    const { s3Region: _s3Region, ...place } = local;
    return {
      ...place,
      livekit: {
        publicUrl: region.livekitUrl,
        apiUrl: region.livekitApiUrl,
        keys: [{ id: 'local', key: region.keyId, secret: region.secret, use: 'sign' }],
      },
      ...(region.s3 && { storage: storageOf(region.s3) }),
      ...(region.redisUrl !== undefined && { redis: { url: region.redisUrl } }),
      capacity: { loadLimit: 0.9 },
    };
  });
  return `${JSON.stringify({ regions }, null, 2)}\n`;
}

/** @param {NonNullable<RunningRegion['s3']>} s3 */
function storageOf({ endpoint, region, bucket, accessKeyId, secretAccessKey }) {
  return {
    bucket,
    endpoint,
    s3Region: region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    // The gateway keeps the chunk framing of streamed uploads with the SDK's default checksums.
    checksumMode: 'when-required',
  };
}
