import { startLiveKit } from './services/livekit.mjs';
import { startObjectStore } from './services/object-store.mjs';
import { startRedis } from './services/redis.mjs';
import { startSimulator } from './services/simulator.mjs';

/**
 * @typedef {import('./region-plan.mjs').RegionPlan} RegionPlan
 * @typedef {{state: import('./state-folder.mjs').StateFolder, processes: import('./processes.mjs').Processes,
 *   programs: {livekit?: string | undefined, redis?: string | undefined, s3?: string | undefined}}} StartDependencies
 */

/**
 * Starts the parts of all planned regions at once and notes their process ids in the plans' regions.
 * @param {readonly RegionPlan[]} plans
 * @param {StartDependencies} dependencies
 */
export async function startRegions(plans, dependencies) {
  await Promise.all([
    ...(dependencies.programs.livekit
      ? plans.map((plan) => startMedia(plan, dependencies))
      : [startSimulated(plans, dependencies)]),
    ...plans.map((plan) => startStorage(plan, dependencies)),
  ]);
}

/** @param {RegionPlan} plan @param {StartDependencies} dependencies */
async function startMedia({ region, ports }, { state, processes, programs }) {
  const { id, pids } = region;
  if (programs.redis && ports.redis !== undefined) {
    const dataFolder = state.folder('regions', id, 'redis');
    pids.redis = (
      await startRedis({ program: programs.redis, name: `redis-${id}`, port: ports.redis, dataFolder, processes })
    ).pid;
  }
  const livekit = await startLiveKit({
    program: /** @type {string} */ (programs.livekit),
    configurationFile: `${state.folder('regions', id)}/livekit.yaml`,
    settings: { ...region, ports, redisPort: ports.redis },
    processes,
  });
  pids.livekit = livekit.pid;
}

/** @param {RegionPlan} plan @param {StartDependencies} dependencies */
async function startStorage({ region: { id, pids, s3 }, ports, s3Region }, { state, processes, programs }) {
  if (!programs.s3 || ports.s3 === undefined || s3 === null) return;
  const store = await startObjectStore({
    program: programs.s3,
    dataFolder: state.folder('regions', id, 's3'),
    settings: { ...s3, id, port: ports.s3, s3Region },
    processes,
  });
  pids.s3 = store.pid;
}

/** @param {readonly RegionPlan[]} plans @param {StartDependencies} dependencies */
async function startSimulated(plans, { state, processes }) {
  const { pid } = await startSimulator({
    configurationFile: state.file('simulator.json'),
    regions: plans.map(({ region: { id, keyId, secret, webhookUrl }, ports }) => ({
      id,
      port: ports.http,
      keys: { [keyId]: secret },
      webhookUrl,
      webhookKey: keyId,
    })),
    processes,
  });
  for (const { region } of plans) region.pids.livekit = pid;
}
