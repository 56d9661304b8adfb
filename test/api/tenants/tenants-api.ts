import { afterAll, beforeAll, inject } from 'vitest';
import type { Answer } from '../../support/api-client.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';
import { type TestProduct, startTestProduct } from '../../support/test-product.ts';

/** One product for a test file, and the calls that its tests share. */
export interface TenantsApi {
  readonly product: TestProduct;
  readonly database: TestDatabase;
  /** Calls as an operator. */
  ops(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Makes a tenant, and a key of it with the scopes; the whole credential. */
  makeTenant(id: string, scopes?: readonly string[]): Promise<string>;
}

export const TENANT_SCOPES = ['rooms:read', 'rooms:write', 'tenant:admin'];

export function useTenantsApi(): TenantsApi {
  let api: Pick<TenantsApi, 'product' | 'database'>;
  beforeAll(async () => {
    const database = await createTestDatabase();
    api = { database, product: await startTestProduct({ databaseUrl: database.url, redisUrl: inject('redisUrl') }) };
  });
  afterAll(async () => {
    await api.product.stop();
    await api.database.drop();
  });
  const ops: TenantsApi['ops'] = (method, path, body) => api.product.api.call(method, path, { key: api.product.opsKey, body });
  return {
    get product() {
      return api.product;
    },
    get database() {
      return api.database;
    },
    ops,
    makeTenant: async (id, scopes = TENANT_SCOPES) => {
      await ops('PUT', `/v1/ops/tenants/${id}`, { name: id });
      return (await ops('POST', '/v1/ops/api-keys', { tenantId: id, name: 'key', scopes })).body.secret;
    },
  };
}
