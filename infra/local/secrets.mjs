import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';

/** @typedef {{keyId: string, secret: string, accessKeyId: string, secretAccessKey: string}} RegionSecrets */
/**
 * What one state's stack keeps secret; made once, kept with the state.
 * @typedef {{postgresPassword: string, masterKey: string, agentSecret: string, issuerKey:
 *   import('node:crypto').JsonWebKey, regions: Record<string, RegionSecrets>, keys?: {databaseUrl: string, opsKey:
 *   string, tenantKey: string} | undefined}} StackSecrets
 */

/** @param {number} bytes */
const randomText = (bytes) => randomBytes(bytes).toString('base64url');

/**
 * Reads the secrets of a state, making those that are missing.
 * @param {import('./state-folder.mjs').StateFolder} state
 * @param {readonly string[]} regionIds
 * @returns {StackSecrets}
 */
export function ensureSecrets(state, regionIds) {
  /** @type {Partial<StackSecrets>} */
  const kept = state.read('secrets.json') ?? {};
  const secrets = {
    postgresPassword: randomText(24),
    masterKey: `local:${randomBytes(32).toString('base64')}`,
    agentSecret: randomText(32),
    issuerKey: makeIssuerKey(),
    ...kept,
    regions: { ...Object.fromEntries(regionIds.map((id) => [id, makeRegionSecrets()])), ...kept.regions },
  };
  state.write('secrets.json', secrets);
  return secrets;
}

/** @returns {RegionSecrets} */
function makeRegionSecrets() {
  return {
    keyId: `API${randomBytes(6).toString('hex')}`,
    // LiveKit wants at least 32 characters.
    secret: randomText(36),
    accessKeyId: `AK${randomBytes(9).toString('hex').toUpperCase()}`,
    secretAccessKey: randomText(30),
  };
}

function makeIssuerKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'ES256', use: 'sig' };
}
