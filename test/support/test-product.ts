import { randomBytes } from 'node:crypto';
import { freePort } from './free-port.ts';
import type { Composition } from '../../src/app/compose.ts';
import { type Platform, createPlatform } from '../../src/app/platform.ts';
import { runProcess } from '../../src/app/run-process.ts';
import { loadConfig } from '../../src/platform/config/load-config.ts';
import { SCOPES } from '../../src/platform/http/actor.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { eventually } from './eventually.ts';
import type { TestRegion } from './test-regions.ts';

/** The whole product in this process, as `runProcess` composes it: there is no second wiring to drift. */
export interface TestProduct {
  readonly url: string;
  readonly port: number;
  readonly platform: Platform;
  readonly composition: Composition;
  readonly opsKey: string;
  readonly tenantKey: string;
  /** Calls with the tenant's key unless told otherwise. */
  readonly api: ApiClient;
  readonly logLines: readonly string[];
  stop(): Promise<void>;
}

export interface TestProductOptions {
  readonly databaseUrl: string;
  readonly redisUrl?: string | null;
  readonly environment?: Readonly<Record<string, string>>;
  readonly port?: number;
  /** Put by the operator API and waited for until they accept sessions. */
  readonly regions?: readonly TestRegion[];
  /** Keys of an earlier replica on the same database. */
  readonly keys?: { readonly opsKey: string; readonly tenantKey: string };
}

/** One for all replicas of a test run, as it would be in a deployment. */
const TEST_MASTER_KEY = `k1:${randomBytes(32).toString('base64')}`;

const TENANT_SCOPES = SCOPES.filter((scope) => !scope.startsWith('ops:'));

/** The environment of a product under test; also for child processes. */
export function testEnvironment(
  options: Pick<TestProductOptions, 'databaseUrl' | 'redisUrl' | 'environment'> & { readonly port: number },
): Record<string, string> {
  return {
    DATABASE_URL: options.databaseUrl,
    ...(options.redisUrl ? { REDIS_URL: options.redisUrl } : {}),
    MERIDIAN_HOST: '127.0.0.1',
    MERIDIAN_PORT: String(options.port),
    MERIDIAN_METRICS_PORT: '0',
    MERIDIAN_HEALTH_PORT: '0',
    MERIDIAN_PUBLIC_URL: `http://127.0.0.1:${options.port}`,
    MERIDIAN_MASTER_KEY: TEST_MASTER_KEY,
    MERIDIAN_TRUSTED_PROXIES: 'loopback',
    MERIDIAN_CORS_ORIGINS: '*',
    MERIDIAN_MIN_EMPTY_TIMEOUT: '2s',
    MERIDIAN_SHUTDOWN_SECONDS: '5',
    MERIDIAN_HANDOVER_SECONDS: '0',
    ...options.environment,
  };
}

export async function startTestProduct(options: TestProductOptions): Promise<TestProduct> {
  const port = options.port ?? (await freePort());
  const logLines: string[] = [];
  const config = loadConfig(testEnvironment({ ...options, port }));
  const platform = createPlatform({ config, logSink: { write: (line) => void logLines.push(line) } });
  const { composition } = await runProcess(platform, { checkResponses: true });
  const url = `http://127.0.0.1:${port}`;
  const keys = options.keys ?? (await makeKeys(composition));
  const api = createApiClient(url, keys.tenantKey);
  for (const region of options.regions ?? []) await putRegion(api, keys.opsKey, region);
  return { url, port, platform, composition, ...keys, api, logLines, stop: () => platform.lifecycle.stop() };
}

async function makeKeys({ tenants }: Composition): Promise<{ opsKey: string; tenantKey: string }> {
  const ops = await tenants.keys.bootstrap({ another: true });
  const tenant = await tenants.keys.create(
    { tenantId: 'default', name: 'test', scopes: TENANT_SCOPES, expiresAt: null },
    { actor: 'test' },
  );
  return { opsKey: ops?.credential ?? '', tenantKey: tenant.credential };
}

/** Makes a region by the API and waits until it accepts sessions. */
export async function putRegion(api: ApiClient, opsKey: string, region: TestRegion): Promise<void> {
  const { status, text } = await api.call('PUT', `/v1/ops/regions/${region.id}`, {
    key: opsKey,
    body: region.document,
  });
  if (status >= 300) throw new Error(`PUT region ${region.id}: ${status} ${text}`);
  await eventually(
    async () => {
      const health = await api.call('GET', `/healthz/regions/${region.id}`, { key: null });
      if (health.status !== 200) throw new Error(`region ${region.id} does not accept sessions yet`);
    },
    { timeoutMs: 10_000 },
  );
}
