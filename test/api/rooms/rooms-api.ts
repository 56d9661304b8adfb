import { randomBytes } from 'node:crypto';
import { createHttpApp } from '../../../src/app/http-app.ts';
import { type Platform, createPlatform } from '../../../src/app/platform.ts';
import { listen } from '../../../src/app/serve.ts';
import { loadConfig } from '../../../src/platform/config/load-config.ts';
import { createExpressServer } from '../../../src/platform/http/express-server.ts';
import type { Scope } from '../../../src/platform/http/actor.ts';
import { type KnownRegion, type LiveSession, type RoomDirectory, createRoomsModule } from '../../../src/rooms/rooms-module.ts';
import { createTenantsModule } from '../../../src/tenants/tenants-module.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';

export const PUBLIC_URL = 'https://meet.example/api';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer is whatever the test then says it is
  readonly body: any;
  readonly text: string;
}

/** Rooms over HTTP with the real database; regions and live sessions are what the test says. */
export interface RoomsApi {
  readonly database: TestDatabase;
  readonly platform: Platform;
  readonly directory: RoomDirectory;
  readonly tenantKey: string;
  readonly logLines: string[];
  readonly regions: KnownRegion[];
  readonly live: Map<string, LiveSession>;
  /** What the rooms asked of the sessions, in order. */
  readonly closings: string[];
  makeKey(tenantId: string, scopes?: readonly Scope[]): Promise<string>;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const BY = { actor: 'test' };

export async function startRoomsApi(): Promise<RoomsApi> {
  const database = await createTestDatabase();
  const logLines: string[] = [];
  const platform = createPlatform({ config: configFor(database.url), logSink: { write: (line) => void logLines.push(line) } });
  const regions: KnownRegion[] = [
    { id: 'eu-fra', jurisdiction: 'EU', maxRoomParticipants: 500 },
    { id: 'us-iad', jurisdiction: 'US', maxRoomParticipants: 1000 },
  ];
  const live = new Map<string, LiveSession>();
  const closings: string[] = [];
  const tenants = createTenantsModule(platform);
  const rooms = createRoomsModule({
    ...platform,
    publicUrl: platform.config.MERIDIAN_PUBLIC_URL,
    defaults: {
      access: platform.config.MERIDIAN_DEFAULT_ACCESS,
      emptyTimeoutSeconds: platform.config.MERIDIAN_EMPTY_TIMEOUT,
      minEmptyTimeoutSeconds: platform.config.MERIDIAN_MIN_EMPTY_TIMEOUT,
    },
    ports: {
      liveOf: async () => live,
      closeLiveSession: async (_work, room, reason) => void closings.push(`${reason} ${room.id}`),
      closeIfOutside: async (_work, { room, effective }) => void closings.push(`outside ${room.id} ${JSON.stringify(effective.residency.value)}`),
      regions: () => regions,
    },
  });
  const app = createHttpApp({
    platform,
    routes: [...tenants.routes, ...rooms.routes],
    readCredential: tenants.service.readCredential,
    checkResponses: true,
  });
  const server = createExpressServer(app, { publicUrl: 'http://api.test' });
  const port = await listen(server, '127.0.0.1', 0);
  platform.freshness.start();
  const makeKey = async (tenantId: string, scopes: readonly Scope[] = ['rooms:read', 'rooms:write']): Promise<string> => {
    // The first transaction of a process compiles its statements, which a busy machine does not do within a request's budget.
    const { credential } = await eventually(() => tenants.service.keys.create({ tenantId, name: 'test', scopes, expiresAt: null }, BY));
    return credential;
  };
  await warmUp(platform);
  const tenantKey = await makeKey('default');
  return {
    database, platform, tenantKey, logLines, regions, live, closings, makeKey,
    directory: rooms.service.directory,
    call: (method, path, options = {}) => send(`http://127.0.0.1:${port}${path}`, method, { key: tenantKey, ...options }),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await platform.freshness.stop();
      await platform.connections.close();
      await database.drop();
    },
  };
}

/** The budget of a request leaves no time for a busy machine to open its first connections. */
async function warmUp({ unitOfWork, config }: Platform): Promise<void> {
  const open = (): Promise<unknown>[] => Array.from({ length: config.MERIDIAN_DATABASE_POOL }, () => unitOfWork.db.$queryRaw`SELECT pg_sleep(0.01)::text`);
  await eventually(() => Promise.all(open()));
}

function configFor(databaseUrl: string): ReturnType<typeof loadConfig> {
  return loadConfig({
    DATABASE_URL: databaseUrl,
    MERIDIAN_PUBLIC_URL: PUBLIC_URL,
    MERIDIAN_MASTER_KEY: `test:${randomBytes(32).toString('base64')}`,
  });
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
