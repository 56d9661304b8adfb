import { startPostgres } from './services/postgres.mjs';
import { startRedis } from './services/redis.mjs';

/**
 * The control plane's stores: where they are, and how to start those that are ours (the others start nothing).
 * @typedef {{databaseUrl: string, redisUrl: string | null, startPostgres: () => Promise<number | undefined>,
 *   startRedis: () => Promise<number | undefined>}} Stores
 */

/**
 * Decides where the stores are before any is started.
 * @param {import('./stack.mjs').StackDependencies & {password: string}} options
 * @returns {Promise<Stores>}
 */
export async function planStores(options) {
  const { environment, parts, ports } = options;
  const postgresPort = parts.postgres.source === 'environment' ? undefined : await ports.take('postgres');
  const redisPort = parts.redis.source === 'path' ? await ports.take('redis') : undefined;
  return {
    databaseUrl:
      environment['DATABASE_URL'] || `postgresql://meridian:${options.password}@127.0.0.1:${postgresPort}/meridian`,
    redisUrl: environment['REDIS_URL'] || (redisPort === undefined ? null : `redis://127.0.0.1:${redisPort}`),
    startPostgres: async () => (postgresPort === undefined ? undefined : startOwnPostgres(options, postgresPort)),
    startRedis: async () => (redisPort === undefined ? undefined : startOwnRedis(options, redisPort)),
  };
}

/** @param {Parameters<typeof planStores>[0]} options @param {number} port */
async function startOwnPostgres({ parts: { postgres }, state, processes, password }, port) {
  const { pid } = await startPostgres({
    bin: postgres.program ?? '',
    version: postgres.words.split(' ')[1] ?? '',
    stateFolder: state.path,
    port,
    password,
    isDurable: true,
    processes,
  });
  return pid;
}

/** @param {Parameters<typeof planStores>[0]} options @param {number} port */
async function startOwnRedis({ parts: { redis }, state, processes }, port) {
  const dataFolder = state.folder('redis');
  const { pid } = await startRedis({ program: redis.program ?? '', name: 'redis', port, dataFolder, processes });
  return pid;
}
