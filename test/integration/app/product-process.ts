import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type ApiClient, createApiClient } from '../../support/api-client.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { testEnvironment } from '../../support/test-product.ts';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const READY_TIMEOUT_MS = 15_000;

/** A process of the built product; nothing is said about whether it came up. */
export interface ProductProcess {
  readonly url: string;
  readonly port: number;
  readonly api: ApiClient;
  readonly child: ChildProcess;
  output(): string;
  untilReady(): Promise<void>;
  /** Its exit code. */
  untilEnd(): Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it, whatever it does. */
  kill(): Promise<void>;
}

export interface ProductProcessOptions {
  readonly databaseUrl: string;
  readonly redisUrl?: string | null;
  readonly port?: number;
  readonly key?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export async function spawnProduct(options: ProductProcessOptions): Promise<ProductProcess> {
  const port = options.port ?? (await freePort());
  const environment = testEnvironment({ ...options, port, environment: { MERIDIAN_HEALTH_PORT: String(port), ...options.environment } });
  const child = spawn(process.execPath, [MAIN], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    child,
    api: createApiClient(url, options.key ?? ''),
    output: () => output,
    untilReady: () => eventually(() => assertReady(url, child, () => output), { timeoutMs: READY_TIMEOUT_MS }),
    untilEnd: async () => {
      await ended;
      return child.exitCode;
    },
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function assertReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}\n${output()}`);
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
  if (answer.status !== 200) throw new Error(`it is not ready: ${await answer.text()}\n${output()}`);
}

const run = promisify(execFile);

/** The command line of the built product. */
export async function runCli(databaseUrl: string, ...words: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [CLI, ...words], { env: testEnvironment({ databaseUrl, port: 1 }) });
  return stdout;
}

/** An operator's key, and a key of the tenant `default` with the scopes that a test needs. */
export async function makeKeys(databaseUrl: string, product: () => ApiClient): Promise<{ opsKey: string; tenantKey: string }> {
  const { secret: opsKey } = JSON.parse(await runCli(databaseUrl, 'bootstrap', '--json')) as { secret: string };
  const body = { tenantId: 'default', name: 'test', scopes: ['rooms:read', 'rooms:write', 'joins:create', 'tenant:admin'] };
  const made = await product().call('POST', '/v1/ops/api-keys', { key: opsKey, body });
  return { opsKey, tenantKey: made.body.secret };
}

/** A request whose body is sent in two parts, so that it is running for as long as a test likes. */
export interface SlowRequest {
  /** Sends the rest; the whole answer. */
  finish(): Promise<string>;
}

export async function beginSlowRequest(port: number, key: string, path: string, body: string): Promise<SlowRequest> {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  const closed = once(socket, 'close');
  socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 1)}`);
  return {
    finish: async () => {
      socket.write(body.slice(1));
      await closed;
      return answer;
    },
  };
}

/** Whether somebody takes connections on a port. */
export async function takesConnections(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
