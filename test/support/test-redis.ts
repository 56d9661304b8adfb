import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { sendRedisCommand, startRedis } from '../../infra/local/services/redis.mjs';
import './provided-context.ts';
import { openTestRun } from './test-run.ts';

/**
 * The Redis of this run, under a prefix of this test file's own.
 * @throws Error where the machine has none, so that a test never passes without it.
 */
export function getTestRedis(): { readonly url: string; readonly prefix: string } {
  const url = inject('redisUrl');
  if (url === null) throw new Error('This test needs a Redis server: npm run parts');
  return { url, prefix: `test-${randomBytes(6).toString('hex')}` };
}

/** A Redis server that a test may empty, freeze, kill and start again. It keeps its data on disk. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  pid(): number;
  freeze(): void;
  thaw(): void;
  /** Ends it at once; what it was told is on disk. Returns when it is gone. */
  kill(): Promise<void>;
  /** Starts it again with its data, on the same port. */
  restart(): Promise<void>;
  /** Forgets everything, as a server without persistence does when it restarts. */
  flush(): Promise<void>;
}

/** Starts a server of the test's own. */
export async function startRedisServer(runFolder: string = inject('runFolder')): Promise<RedisServer> {
  const { state, processes, ports, parts } = openTestRun(runFolder);
  const { program } = parts.redis;
  if (!program) throw new Error('This test needs a Redis server: npm run parts');
  const name = `redis-${randomBytes(4).toString('hex')}`;
  const port = await ports.take(name);
  const dataFolder = state.folder(name);
  const start = () => startRedis({ program, name, port, dataFolder, processes });
  let running = await start();
  return {
    url: running.url,
    port,
    pid: () => running.pid,
    freeze: () => process.kill(running.pid, 'SIGSTOP'),
    thaw: () => process.kill(running.pid, 'SIGCONT'),
    kill: () => processes.kill(running.pid),
    restart: async () => {
      running = await start();
    },
    flush: async () => {
      await sendRedisCommand(port, 'FLUSHALL');
    },
  };
}
