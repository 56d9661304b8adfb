import { readGivenRegions } from './given-regions.mjs';
import { ensureKeys } from './keys.mjs';
import { planRegions } from './region-plan.mjs';
import { awaitRegions } from './region-readiness.mjs';
import { startRegions } from './region-start.mjs';
import { LOCAL_REGION_IDS, regionsDocument } from './regions.mjs';
import { startReplicas } from './replicas.mjs';
import { ensureSecrets } from './secrets.mjs';
import { startIssuer } from './services/issuer.mjs';
import { migrate, productEnvironment } from './services/product.mjs';
import { planStores } from './stores.mjs';

/**
 * What a stack is made of and where.
 * @typedef {{flags: import('./arguments.mjs').StartArguments, environment: NodeJS.ProcessEnv, parts:
 *   import('./parts/finding.mjs').Parts, state: import('./state-folder.mjs').StateFolder, processes:
 *   import('./processes.mjs').Processes, ports: import('./ports.mjs').PortRegister}} StackDependencies
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
  const stores = await planStores({ ...dependencies, password: secrets.postgresPassword });
  const { regions, regionsFile, start } = await prepareRegions(dependencies, secrets, apiUrl);
  const productEnv = productEnvironment(environment, {
    databaseUrl: stores.databaseUrl,
    redisUrl: stores.redisUrl,
    publicUrl: apiUrl,
    masterKey: secrets.masterKey,
    regionsFile,
    defaultRegion: regions[0]?.id,
  });
  const [storePids] = await Promise.all([startStores(stores, productEnv), start()]);
  const product = await startReplicas(dependencies, productEnv);
  const keys = await ensureKeys({
    apiUrl,
    databaseUrl: stores.databaseUrl,
    environment: productEnv,
    kept: secrets.keys,
  });
  state.write('secrets.json', { ...secrets, keys });
  const hasLocalRegions = parts.livekit.source !== 'environment';
  // Regions of the caller's own file may be away for reasons of their own; ours were just started.
  if (hasLocalRegions) await awaitRegions({ ...product, opsKey: keys.opsKey, regionIds: LOCAL_REGION_IDS });
  return {
    apiUrls: product.apiUrls,
    metricsUrl: product.metricsUrl,
    keys,
    agentSecret: secrets.agentSecret,
    issuer,
    issuerKey: secrets.issuerKey,
    databaseUrl: stores.databaseUrl,
    redisUrl: stores.redisUrl,
    regions,
    hasLocalRegions,
    parts: Object.values(parts),
    pids: { ...product.pids, ...storePids },
  };
}

/**
 * Starts both stores at once; the database is at this version when it returns.
 * @param {import('./stores.mjs').Stores} stores
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<{postgres?: number, redis?: number}>} the ids of what was started
 */
async function startStores(stores, environment) {
  const [postgres, redis] = await Promise.all([
    stores.startPostgres().then(async (pid) => {
      await migrate(environment);
      return pid;
    }),
    stores.startRedis(),
  ]);
  return { ...(postgres !== undefined && { postgres }), ...(redis !== undefined && { redis }) };
}

/**
 * The regions of the caller's file, which run already, or ours, which `start` starts.
 * @param {StackDependencies} dependencies
 * @param {import('./secrets.mjs').StackSecrets} secrets
 * @param {string} apiUrl
 * @returns {Promise<{regions: import('./regions.mjs').RunningRegion[], regionsFile: string, start: () =>
 *   Promise<void>}>}
 */
async function prepareRegions(dependencies, secrets, apiUrl) {
  const { environment, state, parts, ports } = dependencies;
  const given = environment['MERIDIAN_REGIONS_FILE'];
  if (given) {
    return {
      regions: await readGivenRegions(given, { apiUrl, environment }),
      regionsFile: given,
      start: async () => undefined,
    };
  }
  const plans = await planRegions({
    ports,
    secrets,
    apiUrl,
    isSimulated: parts.livekit.program === undefined,
    hasRedis: parts.redis.program !== undefined,
    hasObjectStore: parts.s3.program !== undefined,
  });
  const regions = plans.map(({ region }) => region);
  state.writeText('regions.yaml', regionsDocument(regions));
  const programs = { livekit: parts.livekit.program, redis: parts.redis.program, s3: parts.s3.program };
  return {
    regions,
    regionsFile: state.file('regions.yaml'),
    start: () => startRegions(plans, { ...dependencies, programs }),
  };
}
