import { createApiClient } from './api-client.mjs';
import { makeOperatorKey } from './services/product.mjs';

/** Everything a tenant's own server may do. */
const TENANT_SCOPES = [
  'rooms:read',
  'rooms:write',
  'joins:create',
  'recordings:read',
  'recordings:write',
  'events:read',
  'webhooks:write',
  'agents:call',
  'tenant:admin',
];

/** The tenant that every fresh deployment has. */
export const TENANT_ID = 'default';

/**
 * An operator key and a tenant key for this database: those of last time while they are good, else new ones.
 * @param {{apiUrl: string, databaseUrl: string, environment: NodeJS.ProcessEnv, kept: {databaseUrl: string, opsKey:
 *   string, tenantKey: string} | undefined}} options
 * @returns {Promise<{databaseUrl: string, opsKey: string, tenantKey: string}>}
 */
export async function ensureKeys({ apiUrl, databaseUrl, environment, kept }) {
  if (kept?.databaseUrl === databaseUrl && (await areGood(apiUrl, kept))) return kept;
  const opsKey = await makeOperatorKey(environment);
  const created = await createApiClient({ baseUrl: apiUrl, key: opsKey }).call('POST', '/v1/ops/api-keys', {
    tenantId: TENANT_ID,
    name: 'local stack',
    scopes: TENANT_SCOPES,
  });
  return { databaseUrl, opsKey, tenantKey: created.secret };
}

/** @param {string} apiUrl @param {{opsKey: string, tenantKey: string}} keys */
async function areGood(apiUrl, { opsKey, tenantKey }) {
  const statuses = await Promise.all([
    createApiClient({ baseUrl: apiUrl, key: opsKey }).statusOf('/v1/ops/api-keys'),
    createApiClient({ baseUrl: apiUrl, key: tenantKey }).statusOf('/v1/tenant'),
  ]);
  return statuses.every((status) => status === 200);
}
