import type { Platform } from '../../../src/app/platform.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { createDataKeyStore } from '../../../src/platform/secrets/data-key-store.ts';
import { createSecretBox } from '../../../src/platform/secrets/secret-box.ts';
import { type RegionsService, createRegionsModule } from '../../../src/regions/regions-module.ts';
import { type Answer, type ApiClient, createApiClient } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';
import { type ModuleStage, makeMasterKey, openModuleStage } from '../../support/test-modules.ts';
import { type SimulatedRegion, keyPairOf, regionDocument, startSimulatedRegions } from '../../support/test-regions.ts';

/** One replica that serves the regions' routes. */
export interface Replica {
  readonly platform: Platform;
  readonly regions: RegionsService;
  readonly logLines: readonly string[];
  /** What abandoned regions asked of the sessions. */
  readonly closings: readonly string[];
  /** Calls as an operator unless told otherwise. */
  readonly call: ApiClient['call'];
  readonly makeKey: ModuleStage['makeKey'];
  runSchedule(name: string): Promise<void>;
  stop(): Promise<void>;
}

export type TestRegionId = 'eu-fra' | 'us-iad';

export interface RegionsApi extends Replica {
  readonly database: TestDatabase;
  readonly tenantKey: string;
  /** LiveKit doubles that can be killed and spoiled, by region id. */
  readonly livekit: Readonly<Record<TestRegionId, SimulatedRegion>>;
  /** Regions with something in them that must not be lost. */
  readonly inUse: Set<string>;
  readonly openSessions: Map<string, number>;
  /** Another replica on the same database. */
  startReplica(options?: ReplicaOptions): Promise<Replica>;
  /** Makes a region and waits until its first good probe. */
  putLive(id: TestRegionId, changes?: Readonly<Record<string, unknown>>): Promise<Answer>;
  close(): Promise<void>;
}

export interface ReplicaOptions {
  readonly regionsFile?: string;
  /** Address of the control plane's own Redis, as configured; nobody connects. */
  readonly controlPlaneRedis?: string;
  /** What `{env: NAME}` in the regions file finds. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Nobody listens there: webhooks of the doubles are not what these tests are about. */
const NO_API_PORT = 9;

/** The document of a region on one of the doubles, without what it need not say. */
export function documentOf(id: TestRegionId, url: string, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const livekit = { publicUrl: url.replace('http', 'ws'), apiUrl: url, ...keyPairOf(id) };
  const { id: _id, name: _name, ...document } = regionDocument(id, livekit);
  return { ...document, ...changes };
}

/** Serves the regions' routes from a database of the test file's own, with a LiveKit double for each of two regions. */
export async function startRegionsApi(options: ReplicaOptions = {}): Promise<RegionsApi> {
  const database = await createTestDatabase();
  const simulated = await startSimulatedRegions(['eu-fra', 'us-iad'], NO_API_PORT);
  const livekit = { 'eu-fra': simulated.region('eu-fra'), 'us-iad': simulated.region('us-iad') };
  const masterKeys = makeMasterKey();
  const surroundings = { inUse: new Set<string>(), openSessions: new Map<string, number>() };
  const replicas: Replica[] = [];
  let opsKey: string | undefined;

  async function startReplica(changes: ReplicaOptions = {}): Promise<Replica> {
    const stage = openModuleStage({ DATABASE_URL: database.url, MERIDIAN_MASTER_KEY: masterKeys, MERIDIAN_CORS_ORIGINS: '*' });
    opsKey ??= await stage.makeKey(null, ['ops:read', 'ops:write']);
    const replica = await serveRegions(stage, { ...options, ...changes, ...surroundings, opsKey });
    replicas.push(replica);
    return replica;
  }

  const first = await startReplica();
  return {
    ...first, ...surroundings, database, livekit, startReplica,
    tenantKey: await first.makeKey('default', ['rooms:read', 'tenant:admin']),
    putLive: async (id, changes) => {
      const answer = await first.call('PUT', `/v1/ops/regions/${id}`, { body: documentOf(id, livekit[id].apiUrl, changes) });
      if (answer.status >= 300) throw new Error(`${id} was not made: ${answer.text}`);
      await eventually(() => {
        if (!first.regions.findView(id)?.accepting) throw new Error(`${id} was not proven`);
      });
      return answer;
    },
    close: async () => {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await simulated.close();
      await database.drop();
    },
  };
}

interface ServeOptions extends ReplicaOptions, Pick<RegionsApi, 'inUse' | 'openSessions'> {
  readonly opsKey: string;
}

async function serveRegions(stage: ModuleStage, options: ServeOptions): Promise<Replica> {
  const closings: string[] = [];
  const { service, routes, schedules } = createRegions(stage, options, closings);
  try {
    await service.start();
  } catch (error) {
    await stage.close();
    throw error;
  }
  const url = await stage.serve(routes);
  return {
    closings,
    platform: stage.platform,
    logLines: stage.logLines,
    makeKey: stage.makeKey,
    regions: service,
    call: createApiClient(url, options.opsKey).call,
    runSchedule: async (name) => {
      const schedule = schedules.find((each) => each.name === name);
      if (!schedule) throw new Error(`there is no schedule ${name}`);
      await schedule.run(new AbortController().signal);
    },
    stop: async () => {
      await service.stop();
      await stage.close();
    },
  };
}

function createRegions({ platform, tenants }: ModuleStage, options: ServeOptions, closings: string[]) {
  const { regionsFile, controlPlaneRedis, variables, inUse, openSessions } = options;
  const { config, unitOfWork } = platform;
  return createRegionsModule({
    ...platform,
    box: createSecretBox({ store: createDataKeyStore(unitOfWork.db), masterKeys: config.MERIDIAN_MASTER_KEY }),
    readVariable: (name) => variables?.[name],
    config: { file: regionsFile, controlPlaneRedis: controlPlaneRedis ? new Secret(controlPlaneRedis) : undefined },
    ports: {
      closeSessionsOf: async (_work, id) => void closings.push(id),
      isInUse: async (_db, id) => inUse.has(id),
      countOpenSessions: async (id) => openSessions.get(id) ?? 0,
      listTenantIds: tenants.tenants.listIds,
    },
  });
}
