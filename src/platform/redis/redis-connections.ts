import { Redis } from 'ioredis';
import type { Secret } from '../../kernel/secret.ts';

/** On a request Redis gets this long; then the request goes on without it. */
const COMMAND_TIMEOUT_MS = 100;
const CONNECT_TIMEOUT_MS = 2_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** Two connections: one that fails fast for requests, one that waits for ever to listen. */
export interface RedisConnections {
  readonly commands: Redis;
  readonly subscriber: Redis;
  /** Whether Redis answers now, asked within the time of a command: a server that hangs keeps its connections. */
  answers(): Promise<boolean>;
  close(): Promise<void>;
}

export interface RedisOptions {
  readonly url: Secret;
  /** Told once when the connection is lost or could not be made, and once when it is there again. */
  readonly onState: (state: 'up' | 'down', error?: Error) => void;
}

/** Connects in the background: a Redis that is away delays neither the start nor a request. */
export function connectRedis({ url, onState }: RedisOptions): RedisConnections {
  const commands = new Redis(url.reveal(), {
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    retryStrategy: backOff,
  });
  const subscriber = new Redis(url.reveal(), {
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: null,
    retryStrategy: backOff,
  });
  let state: 'up' | 'down' | undefined;
  const tell = (next: 'up' | 'down', error?: Error): void => {
    if (next !== state) onState(next, error);
    state = next;
  };
  commands.on('ready', () => tell('up'));
  commands.on('error', (error: Error) => tell('down', error));
  commands.on('close', () => tell('down'));
  subscriber.on('error', () => {}); // The command connection tells the story.
  return {
    commands,
    subscriber,
    answers: () =>
      commands.ping().then(
        () => true,
        () => false,
      ),
    close: async () => {
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}

/** Exponential from 1 s to 30 s, with full jitter in the upper half. */
function backOff(attempt: number): number {
  const ceiling = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(attempt - 1, 5));
  return ceiling / 2 + (Math.random() * ceiling) / 2;
}
