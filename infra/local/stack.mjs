import { readGivenRegions } from './given-regions.mjs';
import { ensureKeys } from './keys.mjs';
import { planRegions } from './region-plan.mjs';
import { startRegions } from './region-start.mjs';
import { LOCAL_REGION_IDS, regionsDocument } from './regions.mjs';
import { ensureSecrets } from './secrets.mjs';
import { startIssuer } from './services/issuer.mjs';
import { postgresDataFolder, startPostgres } from './services/postgres.mjs';
import { migrate, productEnvironment, startProduct } from './services/product.mjs';
import { startRedis } from './services/redis.mjs';

/**
 * What a stack is made of and where.
 * @typedef {{flags: import('./arguments.mjs').StartArguments, environment: NodeJS.ProcessEnv, parts: import('./parts/finding.mjs').Parts,
 *   state: import('./state-folder.mjs').StateFolder, processes: import('./processes.mjs').Processes,
 *   ports: import('./ports.mjs').PortRegister}} StackDependencies
 * @typedef {Awaited<ReturnType<typeof startStack>>} RunningStack
 */

/**
 * Brings up everything the environment does not supply, and the product on top. Returns when it is ready.
 * @param {StackDependencies} dependencies
 */
export async function startStack(dependencies) {
  const { flags, environment, state, parts, ports } = dependencies;
  const apiUrl = `http://127.0.0.1:${flags.port}`;
  const secrets = ensureSecrets(state, LOCAL_REGION_IDS);
  const { issuer } = await startIssuer({ port: await ports.take('issuer'), privateJwk: secrets.issuerKey });
  const givenFile = environment['MERIDIAN_REGIONS_FILE'];
  const plans = givenFile ? [] : await planLocalRegions(dependencies, secrets, apiUrl);
  if (!givenFile) state.writeText('regions.yaml', regionsDocument(plans.map(({ region }) => region)));
  const stores = await planStores(dependencies, secrets);
  const productSettings = {
    ...{ databaseUrl: stores.databaseUrl, redisUrl: stores.redisUrl, publicUrl: apiUrl, masterKey: secrets.masterKey },
    regionsFile: givenFile ?? state.file('regions.yaml'),
    ...(!givenFile && { defaultRegion: LOCAL_REGION_IDS[0] }),
  };
  const productEnv = productEnvironment(environment, productSettings);
  const [postgresPid, redisPid] = await Promise.all([
    stores.startPostgres().then(async (pid) => (await migrate(productEnv), pid)),
    stores.startRedis(),
    plans.length > 0 ? startRegions(plans, { ...dependencies, programs: programsOf(parts) }) : undefined,
  ]);
  const product = await startReplicas(dependencies, productEnv);
  const keys = await ensureKeys({ apiUrl, databaseUrl: stores.databaseUrl, environment: productEnv, kept: secrets.keys });
  state.write('secrets.json', { ...secrets, keys });
  return {
    ...{ apiUrls: product.apiUrls, metricsUrl: product.metricsUrl, keys, agentSecret: secrets.agentSecret },
    ...{ issuer, issuerKey: secrets.issuerKey, databaseUrl: stores.databaseUrl, redisUrl: stores.redisUrl },
    regions: givenFile ? await readGivenRegions(givenFile, { apiUrl, environment }) : plans.map(({ region }) => region),
    hasLocalRegions: !givenFile,
    parts: Object.values(parts),
    pids: { ...product.pids, ...(postgresPid && { postgres: postgresPid }), ...(redisPid && { redis: redisPid }) },
  };
}

/** @param {import('./parts/finding.mjs').Parts} parts */
function programsOf({ livekit, redis, s3 }) {
  return { livekit: livekit.program, redis: redis.program, s3: s3.program };
}

/** @param {StackDependencies} dependencies @param {import('./secrets.mjs').StackSecrets} secrets @param {string} apiUrl */
function planLocalRegions({ parts, ports }, secrets, apiUrl) {
  return planRegions({
    ...{ ports, secrets, apiUrl },
    isSimulated: parts.livekit.program === undefined,
    hasRedis: parts.redis.program !== undefined,
    hasObjectStore: parts.s3.program !== undefined,
  });
}

/** Where the control plane's stores are, and how to start those that are ours. @param {StackDependencies} dependencies @param {import('./secrets.mjs').StackSecrets} secrets */
async function planStores({ environment, parts, state, processes, ports }, secrets) {
  const { postgres, redis } = parts;
  const postgresPort = postgres.program ? await ports.take('postgres') : undefined;
  const redisPort = redis.source === 'path' ? await ports.take('redis') : undefined;
  const password = secrets.postgresPassword;
  return {
    databaseUrl: environment['DATABASE_URL'] || `postgresql://meridian:${password}@127.0.0.1:${postgresPort}/meridian`,
    redisUrl: environment['REDIS_URL'] || (redisPort === undefined ? null : `redis://127.0.0.1:${redisPort}`),
    startPostgres: async () => {
      if (postgres.program === undefined || postgresPort === undefined) return undefined;
      const dataFolder = postgresDataFolder(state.path);
      const version = postgres.words.split(' ')[1] ?? '';
      return (await startPostgres({ bin: postgres.program, version, dataFolder, port: postgresPort, password, isDurable: true, processes })).pid;
    },
    startRedis: async () => {
      if (redis.program === undefined || redisPort === undefined) return undefined;
      return (await startRedis({ program: redis.program, name: 'redis', port: redisPort, dataFolder: state.folder('redis'), processes })).pid;
    },
  };
}

/** One process that does everything, or N that serve and one that works. @param {StackDependencies} dependencies @param {NodeJS.ProcessEnv} environment */
async function startReplicas({ flags, processes, ports }, environment) {
  const count = flags.replicas;
  const apis = await Promise.all(
    Array.from({ length: count }, async (_, index) =>
      startProduct(
        {
          ...{ name: count === 1 ? 'meridian' : `api-${index + 1}`, role: count === 1 ? 'all' : 'api', port: flags.port + index },
          ...{ metricsPort: await ports.take(`metrics-${index}`), healthPort: await ports.take(`health-${index}`) },
        },
        { environment, processes },
      ),
    ),
  );
  const [first] = apis;
  if (first === undefined) throw new Error('there is always one API');
  const worker = count === 1 ? first : await startWorker({ processes, ports }, environment);
  await Promise.all([...new Set([...apis, worker])].map((one) => one.untilReady()));
  return {
    apiUrls: apis.map(({ url }) => url),
    metricsUrl: first.metricsUrl,
    pids: { api: apis.map(({ pid }) => pid), worker: worker.pid },
  };
}

/** @param {{processes: import('./processes.mjs').Processes, ports: import('./ports.mjs').PortRegister}} dependencies @param {NodeJS.ProcessEnv} environment */
async function startWorker({ processes, ports }, environment) {
  const [port, metricsPort, healthPort] = [await ports.take('worker'), await ports.take('worker-metrics'), await ports.take('worker-health')];
  return startProduct({ name: 'worker', role: 'worker', port, metricsPort, healthPort }, { environment, processes });
}
