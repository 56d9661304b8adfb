import { randomBytes } from 'node:crypto';
import { createHttpApp } from '../../../src/app/http-app.ts';
import { type Platform, createPlatform } from '../../../src/app/platform.ts';
import { listen } from '../../../src/app/serve.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { loadConfig } from '../../../src/platform/config/load-config.ts';
import { createExpressServer } from '../../../src/platform/http/express-server.ts';
import { createDataKeyStore } from '../../../src/platform/secrets/data-key-store.ts';
import { createSecretBox } from '../../../src/platform/secrets/secret-box.ts';
import { type RegionsService, createRegionsModule } from '../../../src/regions/regions-module.ts';
import { runSimulator } from '../../../src/simulator/simulator.ts';
import { createTenantsModule } from '../../../src/tenants/tenants-module.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer is whatever the test then says it is
  readonly body: any;
  readonly text: string;
}

export interface CallOptions {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One replica that serves the regions' routes. */
export interface Replica {
  readonly platform: Platform;
  readonly regions: RegionsService;
  readonly logLines: string[];
  /** What abandoned regions asked of the sessions. */
  readonly closings: string[];
  readonly url: string;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  runSchedule(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** A LiveKit double that can be killed and spoiled. */
export interface SimulatedRegion {
  readonly url: string;
  readonly keyId: string;
  readonly secret: string;
  control(method: string, path: string, body?: unknown): Promise<void>;
}

export interface RegionsApi extends Replica {
  readonly database: TestDatabase;
  readonly opsKey: string;
  readonly tenantKey: string;
  /** Doubles by region id: `eu-fra` and `us-iad`. */
  readonly livekit: Readonly<Record<'eu-fra' | 'us-iad', SimulatedRegion>>;
  /** Regions with something in them that must not be lost. */
  readonly inUse: Set<string>;
  readonly openSessions: Map<string, number>;
  /** Another replica on the same database. */
  startReplica(options?: ReplicaOptions): Promise<Replica>;
  /** Makes a region and waits until its first good probe. */
  putLive(id: 'eu-fra' | 'us-iad', changes?: Readonly<Record<string, unknown>>): Promise<Answer>;
  close(): Promise<void>;
}

export interface ReplicaOptions {
  readonly masterKeys?: string;
  readonly regionsFile?: string;
  /** Address of the control plane's own Redis, as configured; nobody connects. */
  readonly controlPlaneRedis?: string;
  /** What `{env: NAME}` in the regions file finds. */
  readonly variables?: Readonly<Record<string, string>>;
}

const SECRETS = { 'eu-fra': 'eu-secret-0123456789abcdef0123456789', 'us-iad': 'us-secret-0123456789abcdef0123456789' } as const;
const KEYS = { 'eu-fra': 'APIeu', 'us-iad': 'APIus' } as const;

/** The document of a region on one of the doubles. */
export function documentOf(id: 'eu-fra' | 'us-iad', url: string, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    latitude: id === 'eu-fra' ? 50.11 : 39.04,
    longitude: id === 'eu-fra' ? 8.68 : -77.49,
    jurisdiction: id === 'eu-fra' ? 'EU' : 'US',
    livekit: { publicUrl: url.replace('http', 'ws'), apiUrl: url, keys: [{ id: 'one', key: KEYS[id], secret: SECRETS[id], use: 'sign' }] },
    ...changes,
  };
}

export async function startRegionsApi(options: ReplicaOptions = {}): Promise<RegionsApi> {
  const database = await createTestDatabase();
  const simulator = await runSimulator({
    regions: (['eu-fra', 'us-iad'] as const).map((id) => ({
      id, port: 0, keys: { [KEYS[id]]: SECRETS[id] }, webhookKey: KEYS[id], webhookUrl: 'http://127.0.0.1:9/webhooks',
    })),
  });
  const livekit = Object.fromEntries(simulator.regions.map(({ id, url }) => [id, doubleOf(id as keyof typeof KEYS, url)])) as RegionsApi['livekit'];
  const masterKeys = options.masterKeys ?? `test:${randomBytes(32).toString('base64')}`;
  const inUse = new Set<string>();
  const openSessions = new Map<string, number>();
  const replicas: Replica[] = [];
  let opsKey = '';

  async function startReplica(changes: ReplicaOptions = {}): Promise<Replica> {
    const replica = await openReplica({ databaseUrl: database.url, inUse, openSessions, keyOf: () => opsKey, ...options, masterKeys, ...changes });
    replicas.push(replica);
    return replica;
  }

  const first = await startReplica();
  const keys = createTenantsModule(first.platform).service.keys;
  const made = { name: 'test', expiresAt: null };
  const by = { actor: 'test' };
  // On a busy machine the first statements may find that Postgres was not yet heard of.
  opsKey = (await eventually(() => keys.create({ ...made, tenantId: null, scopes: ['ops:read', 'ops:write'] }, by))).credential;
  const { credential: tenantKey } = await eventually(() => keys.create({ ...made, tenantId: 'default', scopes: ['rooms:read', 'tenant:admin'] }, by));
  return {
    ...first, database, opsKey, tenantKey, livekit, inUse, openSessions, startReplica,
    putLive: async (id, changes) => {
      const answer = await first.call('PUT', `/v1/ops/regions/${id}`, { body: documentOf(id, livekit[id].url, changes) });
      if (answer.status >= 300) throw new Error(`${id} was not made: ${answer.text}`);
      await eventually(() => {
        if (!first.regions.findView(id)?.accepting) throw new Error(`${id} was not proven`);
      });
      return answer;
    },
    close: async () => {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await simulator.close();
      await database.drop();
    },
  };
}

interface OpenOptions extends ReplicaOptions {
  readonly databaseUrl: string;
  readonly inUse: Set<string>;
  readonly openSessions: Map<string, number>;
  readonly keyOf: () => string;
}

async function openReplica(options: OpenOptions): Promise<Replica> {
  const { databaseUrl, inUse, keyOf } = options;
  const logLines: string[] = [];
  const closings: string[] = [];
  const config = loadConfig({
    DATABASE_URL: databaseUrl,
    MERIDIAN_PUBLIC_URL: 'https://meet.example/api',
    MERIDIAN_MASTER_KEY: options.masterKeys,
    MERIDIAN_CORS_ORIGINS: '*',
  });
  const platform = createPlatform({ config, logSink: { write: (line) => void logLines.push(line) } });
  await warmUp(platform);
  const tenants = createTenantsModule(platform);
  const regions = createRegionsModule({
    ...platform,
    box: createSecretBox({ store: createDataKeyStore(platform.unitOfWork.db), masterKeys: config.MERIDIAN_MASTER_KEY }),
    readVariable: (name) => options.variables?.[name],
    config: { file: options.regionsFile, controlPlaneRedis: options.controlPlaneRedis ? new Secret(options.controlPlaneRedis) : undefined },
    ports: {
      closeSessionsOf: async (_work, id) => void closings.push(id),
      isInUse: async (_db, id) => inUse.has(id),
      countOpenSessions: async (id) => options.openSessions.get(id) ?? 0,
      listTenantIds: tenants.service.tenants.listIds,
    },
  });
  await regions.service.start();
  const app = createHttpApp({
    platform,
    routes: [...tenants.routes, ...regions.routes],
    readCredential: tenants.service.readCredential,
    checkResponses: true,
  });
  const server = createExpressServer(app, { publicUrl: 'http://api.test' });
  const url = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`;
  await platform.freshness.start();
  return {
    platform, logLines, closings, url,
    regions: regions.service,
    call: (method, path, call = {}) => send(`${url}${path}`, method, { key: keyOf(), ...call }),
    runSchedule: async (name) => {
      const schedule = regions.schedules.find((each) => each.name === name);
      if (!schedule) throw new Error(`there is no schedule ${name}`);
      await schedule.run(new AbortController().signal);
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await regions.service.stop();
      await platform.freshness.stop();
      await platform.connections.close();
    },
  };
}

/** The budget of a request leaves no time for a busy machine to open its first connections. */
async function warmUp({ unitOfWork, config }: Platform): Promise<void> {
  const open = (): Promise<unknown>[] => Array.from({ length: config.MERIDIAN_DATABASE_POOL }, () => unitOfWork.db.$queryRaw`SELECT pg_sleep(0.01)::text`);
  await eventually(() => Promise.all(open()));
}

function doubleOf(id: keyof typeof KEYS, url: string): SimulatedRegion {
  return {
    url,
    keyId: KEYS[id],
    secret: SECRETS[id],
    control: async (method, path, body) => {
      const answer = await send(`${url}/simulator/${path}`, method, { key: null, body });
      if (answer.status !== 200) throw new Error(`the double answered ${answer.status}: ${answer.text}`);
    },
  };
}

async function send(url: string, method: string, { key, body, headers }: CallOptions): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(key ? { Authorization: `Bearer ${key}` } : {}),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text === '' ? undefined : JSON.parse(text) };
}
