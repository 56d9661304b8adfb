import { inCheckout } from '../checkout.mjs';
import { runCommand, tryCommand } from '../command.mjs';
import { Failure } from '../failure.mjs';
import { explainEnd } from '../processes.mjs';
import { waitFor } from '../waiting.mjs';

const COMMAND_TIMEOUT_MS = 60_000;
const READY_TIMEOUT_MS = 60_000;
const LOOK_TIMEOUT_MS = 2_000;
/** Longer than any request of the show; what the product does in that time it does in order. */
const STOP_PATIENCE_MS = 20_000;

/** Variables of this folder's own commands: the product refuses names that it does not know. */
const OWN_VARIABLES = new Set(['MERIDIAN_REQUIRE_REAL']);

/**
 * @typedef {{databaseUrl: string, redisUrl: string | null, publicUrl: string, masterKey: string, regionsFile: string,
 *   defaultRegion?: string | undefined}} ProductSettings
 */

/**
 * The environment of every process of the product: ours, below what the caller set.
 * @param {NodeJS.ProcessEnv} caller
 * @param {ProductSettings} settings
 * @returns {NodeJS.ProcessEnv}
 */
export function productEnvironment(caller, settings) {
  const passed = Object.fromEntries(Object.entries(caller).filter(([name]) => !OWN_VARIABLES.has(name)));
  return {
    MERIDIAN_HOST: '127.0.0.1',
    MERIDIAN_PUBLIC_URL: settings.publicUrl,
    MERIDIAN_MASTER_KEY: settings.masterKey,
    MERIDIAN_REGIONS_FILE: settings.regionsFile,
    ...(settings.defaultRegion && { MERIDIAN_DEFAULT_REGION: settings.defaultRegion }),
    // Whoever calls from this machine says in X-Forwarded-For where it calls from.
    MERIDIAN_TRUSTED_PROXIES: 'loopback',
    MERIDIAN_CORS_ORIGINS: '*',
    MERIDIAN_MIN_EMPTY_TIMEOUT: '5s',
    ...passed,
    DATABASE_URL: settings.databaseUrl,
    ...(settings.redisUrl !== null && { REDIS_URL: settings.redisUrl }),
  };
}

/** Brings the database to this version. @param {NodeJS.ProcessEnv} environment */
export async function migrate(environment) {
  await runCommand(process.execPath, [inCheckout('dist', 'cli.js'), 'migrate'], {
    env: environment,
    timeoutMs: COMMAND_TIMEOUT_MS,
  });
}

/**
 * Makes an operator key.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<string>} the whole credential
 */
export async function makeOperatorKey(environment) {
  // Refused where the database is older than this state and has a key, which nobody can read back.
  const first = await tryBootstrap(environment);
  const made = first.secret === undefined ? await tryBootstrap(environment, '--another') : first;
  if (made.secret === undefined) throw new Failure(`meridian bootstrap made no key: ${made.complaint}`);
  return made.secret;
}

/** @param {NodeJS.ProcessEnv} environment @param {string[]} flags */
async function tryBootstrap(environment, ...flags) {
  const { code, stdout, output } = await tryCommand(
    process.execPath,
    [inCheckout('dist', 'cli.js'), 'bootstrap', '--json', ...flags],
    { env: environment, timeoutMs: COMMAND_TIMEOUT_MS },
  );
  if (code !== 0) return { complaint: output.trim() };
  return { secret: /** @type {string} */ (JSON.parse(stdout.trim().split('\n').at(-1) ?? '').secret), complaint: '' };
}

/**
 * @typedef {{name: string, role: 'api' | 'worker' | 'all', port: number, metricsPort: number, healthPort: number}}
 *   ProductProcess
 */

/**
 * Starts one process of the product.
 * @param {ProductProcess} settings
 * @param {{environment: NodeJS.ProcessEnv, processes: import('../processes.mjs').Processes}} dependencies
 */
export function startProduct({ name, role, port, metricsPort, healthPort }, { environment, processes }) {
  const running = processes.start({
    name,
    command: process.execPath,
    args: ['--enable-source-maps', inCheckout('dist', 'main.js')],
    env: {
      ...environment,
      MERIDIAN_ROLE: role,
      MERIDIAN_PORT: String(port),
      MERIDIAN_METRICS_PORT: String(metricsPort),
      MERIDIAN_HEALTH_PORT: String(healthPort),
      MERIDIAN_INSTANCE_ID: environment['MERIDIAN_INSTANCE_ID'] ?? name,
    },
    ending: { stage: 'product', signal: 'SIGTERM', patienceMs: STOP_PATIENCE_MS },
  });
  const url = `http://127.0.0.1:${role === 'worker' ? healthPort : port}`;
  return {
    pid: running.pid,
    url,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    /** Returns when the process says that it is ready. */
    untilReady: () =>
      waitFor(() => isReady(url), { what: name, timeoutMs: READY_TIMEOUT_MS, giveUp: () => explainEnd(running) }),
  };
}

/** @param {string} url */
async function isReady(url) {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) });
  const body = await response.text();
  if (response.status === 200) return true;
  throw new Error(`/readyz answered ${response.status}: ${body.slice(0, 500)}`);
}
