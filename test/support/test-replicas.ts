import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type ApiClient, createApiClient } from './api-client.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { testEnvironment } from './test-product.ts';

/** One process of the built product, to be killed and started again on its port. */
export interface Replica {
  readonly url: string;
  readonly port: number;
  readonly api: ApiClient;
  pid(): number;
  /** Ends it without a word; returns when it is gone. */
  kill(): Promise<void>;
  /** Asks it to end; its exit code. */
  terminate(signal?: 'SIGTERM' | 'SIGINT' | 'SIGQUIT'): Promise<number | null>;
  start(): Promise<void>;
  output(): string;
}

export interface ReplicaOptions {
  readonly databaseUrl: string;
  readonly redisUrl?: string | null;
  readonly tenantKey: string;
  readonly name: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const READY_TIMEOUT_MS = 20_000;

/** Starts a replica and waits until it is ready. Stop it with `kill` or `terminate`. */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = testEnvironment({
    ...options,
    port,
    environment: { MERIDIAN_INSTANCE_ID: options.name, MERIDIAN_ROLE: 'api', MERIDIAN_LOG_LEVEL: 'warn', ...options.environment },
  });
  const isWorker = environment['MERIDIAN_ROLE'] === 'worker';
  if (isWorker) environment['MERIDIAN_HEALTH_PORT'] = String(port);
  let output = '';
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = spawn(process.execPath, ['--enable-source-maps', MAIN], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-100_000)));
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`${options.name} ended with ${child.exitCode}\n${output}`);
        const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
        if (answer.status !== 200) throw new Error(`${options.name} is not ready: ${await answer.text()}\n${output}`);
      },
      { timeoutMs: READY_TIMEOUT_MS, everyMs: 50 },
    );
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  await start();
  return {
    url,
    port,
    api: createApiClient(url, options.tenantKey),
    pid: () => child.pid ?? 0,
    kill: async () => void (await end('SIGKILL')),
    terminate: (signal = 'SIGTERM') => end(signal),
    start,
    output: () => output,
  };
}
