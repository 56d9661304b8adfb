import { createHash, createHmac } from 'node:crypto';

/** @param {string | Buffer} key @param {string} text */
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
/** @param {string} text */
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/**
 * The headers that sign a request without a body for S3 (AWS Signature Version 4).
 * @param {{method: string, url: URL, region: string, accessKeyId: string, secretAccessKey: string, now: Date}} request
 * @returns {Record<string, string>}
 */
export function signBodylessRequest({ method, url, region, accessKeyId, secretAccessKey, now }) {
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const bodyHash = sha256('');
  const signedHeaders = 'host;x-amz-content-sha256;x-amz-date';
  const canonical = [
    method,
    url.pathname,
    url.searchParams.toString(),
    `host:${url.host}\nx-amz-content-sha256:${bodyHash}\nx-amz-date:${time}\n`,
    signedHeaders,
    bodyHash,
  ].join('\n');
  const key = [time.slice(0, 8), region, 's3', 'aws4_request'].reduce(
    (/** @type {string | Buffer} */ secret, part) => hmac(secret, part),
    `AWS4${secretAccessKey}`,
  );
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
  return {
    'x-amz-content-sha256': bodyHash,
    'x-amz-date': time,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
  };
}
