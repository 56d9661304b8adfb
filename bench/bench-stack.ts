import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findParts } from '../infra/local/parts/finding.mjs';
import { createPortRegister } from '../infra/local/ports.mjs';
import { createRunProcesses, openRunFolder } from '../infra/local/run-folder.mjs';
import { startPostgres } from '../infra/local/services/postgres.mjs';
import { runSimulator } from '../src/simulator/simulator.ts';

const run = promisify(execFile);
const READY_TIMEOUT_MS = 30_000;
const REGION = 'eu-fra';
const LIVEKIT_KEY = 'APIbench';
const LIVEKIT_SECRET = 'bench-secret-0123456789abcdef0123456789';

function inCheckout(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

export interface BenchProcess {
  readonly pid: number;
  readonly port: number;
  /** From the start of the process to its first answer that it is ready. */
  readonly readyMs: number;
  end(): Promise<void>;
}

/** What a benchmark measures: a database of its own, one simulated region, and as many processes as it likes. */
export interface BenchStack {
  readonly opsKey: string;
  readonly tenantKey: string;
  startProduct(environment?: Readonly<Record<string, string>>, nodeFlags?: readonly string[]): Promise<BenchProcess>;
  startBare(): Promise<BenchProcess>;
  call(port: number, method: string, path: string, key: string, body?: unknown): Promise<Record<string, never>>;
  /** Makes a public room whose session is live, with somebody inside; its id. */
  makeLiveRoom(port: number): Promise<string>;
  close(): Promise<void>;
}

export async function startBenchStack(): Promise<BenchStack> {
  const folder = await openRunFolder();
  const { processes } = createRunProcesses(folder.path);
  const ports = createPortRegister({ read: () => undefined, write: () => {} });
  const { program, words } = findParts(process.env, { simulate: false }).postgres;
  if (!program) throw new Error('The benchmarks need a Postgres program of their own: npm run parts');
  const { url: databaseUrl } = await startPostgres({
    bin: program, version: words.split(' ')[1] ?? '', stateFolder: folder.path, port: await ports.take('postgres'),
    password: randomBytes(12).toString('hex'), isDurable: true, processes,
  });
  const simulator = await runSimulator({ regions: [{ id: REGION, port: 0, keys: { [LIVEKIT_KEY]: LIVEKIT_SECRET }, webhookUrl: 'http://127.0.0.1:9/', webhookKey: LIVEKIT_KEY }] });
  const environment = {
    DATABASE_URL: databaseUrl,
    MERIDIAN_HOST: '127.0.0.1',
    MERIDIAN_METRICS_PORT: '0',
    MERIDIAN_ROLE: 'api',
    MERIDIAN_PUBLIC_URL: 'http://127.0.0.1',
    MERIDIAN_MASTER_KEY: `k1:${randomBytes(32).toString('base64')}`,
    MERIDIAN_HANDOVER_SECONDS: '0',
  };
  const cli = async (...args: string[]): Promise<string> => (await run(process.execPath, [inCheckout('dist/cli.js'), ...args], { env: environment })).stdout;
  await cli('migrate');
  const { secret: opsKey } = JSON.parse(await cli('bootstrap', '--json')) as { secret: string };
  const apiUrl = simulator.regions[0]?.url ?? '';

  const stack: Omit<BenchStack, 'tenantKey'> = {
    opsKey,
    startProduct: async (extra = {}, nodeFlags = []) => {
      const port = await ports.take('product');
      return startProcess([...nodeFlags, inCheckout('dist/main.js')], port, '/readyz', { ...environment, ...extra, MERIDIAN_PORT: String(port) });
    },
    startBare: async () => {
      const port = await ports.take('bare');
      return startProcess([inCheckout('bench/bare-server.mjs'), String(port)], port, '/', process.env);
    },
    call,
    makeLiveRoom: async (port) => {
      const { id } = await call(port, 'POST', '/v1/rooms', tenantKey, { access: 'public' });
      const { participantToken } = await untilDone(() => call(port, 'POST', `/v1/rooms/${String(id)}/join`, tenantKey, { identity: 'somebody' }));
      await fetch(`${apiUrl}/simulator/participants`, { method: 'POST', body: JSON.stringify({ token: participantToken }) });
      return String(id);
    },
    close: async () => {
      await simulator.close();
      await processes.endAll();
      await folder.remove();
    },
  };
  const tenantKey = await prepare(stack, apiUrl);
  return { ...stack, tenantKey };
}

/** One region, and a key of the tenant `default`. */
async function prepare({ startProduct, opsKey }: Pick<BenchStack, 'startProduct' | 'opsKey'>, apiUrl: string): Promise<string> {
  const product = await startProduct();
  const keys = [{ id: 'k1', key: LIVEKIT_KEY, secret: LIVEKIT_SECRET, use: 'sign' }];
  await call(product.port, 'PUT', `/v1/ops/regions/${REGION}`, opsKey, { id: REGION, name: 'Frankfurt', latitude: 50, longitude: 8.7, jurisdiction: 'EU', livekit: { publicUrl: apiUrl.replace('http', 'ws'), apiUrl, keys } });
  const { secret } = await call(product.port, 'POST', '/v1/ops/api-keys', opsKey, { tenantId: 'default', name: 'bench', scopes: ['rooms:read', 'rooms:write', 'joins:create'] });
  await product.end();
  return String(secret);
}

async function call(port: number, method: string, path: string, key: string, body?: unknown): Promise<Record<string, never>> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === '' ? {} : JSON.parse(text)) as Record<string, never>;
}

/** Log lines go to the null device: what they cost to make is measured, not the disk. */
async function startProcess(args: readonly string[], port: number, path: string, env: NodeJS.ProcessEnv): Promise<BenchProcess> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', openSync('/dev/null', 'w'), 'inherit'] });
  await untilDone(async () => {
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}`);
    const { status } = await fetch(`http://127.0.0.1:${port}${path}`);
    if (status === 503) throw new Error('it is not ready');
  });
  return { pid: child.pid ?? 0, port, readyMs: performance.now() - started, end: () => endProcess(child) };
}

async function endProcess(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function untilDone<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
