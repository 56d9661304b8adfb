import { ISSUER_AUDIENCE } from './services/issuer.mjs';
import { TENANT_ID } from './keys.mjs';

/** The file by which other programs find the running stack. */
export const LOCAL_FILE = 'local.json';

/**
 * @typedef {{api: number[], worker: number, postgres?: number, redis?: number}} ProductPids
 * @typedef {import('./regions.mjs').RunningRegion} RunningRegion
 */

/**
 * What is told about a running stack. It holds every secret of it.
 * @param {{apiUrls: string[], metricsUrl: string, keys: {opsKey: string, tenantKey: string}, agentSecret: string,
 *   issuer: string, issuerKey: import('node:crypto').JsonWebKey, databaseUrl: string, redisUrl: string | null, regions:
 *   RunningRegion[], parts: readonly import('./parts/search.mjs').Part[], pids: ProductPids}} stack
 */
export function describeStack(stack) {
  return {
    apiUrls: stack.apiUrls,
    metricsUrl: stack.metricsUrl,
    opsKey: stack.keys.opsKey,
    tenantKey: stack.keys.tenantKey,
    tenantId: TENANT_ID,
    agentSecret: stack.agentSecret,
    oidc: { issuer: stack.issuer, audience: ISSUER_AUDIENCE, privateJwk: stack.issuerKey },
    databaseUrl: stack.databaseUrl,
    redisUrl: stack.redisUrl,
    regions: stack.regions.map(({ pids: _pids, redisUrl: _redisUrl, simulator, ...region }) => ({
      ...region,
      ...(simulator !== undefined && { simulator }),
    })),
    parts: Object.fromEntries(stack.parts.map(({ name, words }) => [name, words])),
    pids: { ...stack.pids, regions: Object.fromEntries(stack.regions.map(({ id, pids }) => [id, pids])) },
  };
}
