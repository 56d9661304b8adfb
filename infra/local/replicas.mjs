import { startProduct } from './services/product.mjs';

/** @typedef {import('./stack.mjs').StackDependencies} StackDependencies */

/**
 * Starts the product and returns when all of it is ready: one process that does everything, or N that serve and one
 * that works.
 * @param {StackDependencies} dependencies
 * @param {NodeJS.ProcessEnv} environment
 */
export async function startReplicas(dependencies, environment) {
  const { replicas, port } = dependencies.flags;
  const first = await startProcess(dependencies, environment, {
    name: replicas === 1 ? 'meridian' : 'api-1',
    role: replicas === 1 ? 'all' : 'api',
    port,
  });
  const others = await Promise.all(
    Array.from({ length: replicas - 1 }, (_, index) =>
      startProcess(dependencies, environment, { name: `api-${index + 2}`, role: 'api', port: port + index + 1 }),
    ),
  );
  const apis = [first, ...others];
  const worker = replicas === 1 ? first : await startWorker(dependencies, environment);
  await Promise.all([...new Set([...apis, worker])].map((one) => one.untilReady()));
  return {
    apiUrls: apis.map(({ url }) => url),
    metricsUrl: first.metricsUrl,
    pids: { api: apis.map(({ pid }) => pid), worker: worker.pid },
  };
}

/** @param {StackDependencies} dependencies @param {NodeJS.ProcessEnv} environment */
async function startWorker(dependencies, environment) {
  // It serves no API; the port is only so that none is taken by accident.
  return startProcess(dependencies, environment, {
    name: 'worker',
    role: 'worker',
    port: await dependencies.ports.take('worker'),
  });
}

/**
 * @param {StackDependencies} dependencies
 * @param {NodeJS.ProcessEnv} environment
 * @param {{name: string, role: 'api' | 'worker' | 'all', port: number}} settings
 */
async function startProcess({ processes, ports }, environment, settings) {
  const metricsPort = await ports.take(`${settings.name}-metrics`);
  const healthPort = await ports.take(`${settings.name}-health`);
  return startProduct({ ...settings, metricsPort, healthPort }, { environment, processes });
}
