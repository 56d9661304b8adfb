import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { startLiveKit } from '../../infra/local/services/livekit.mjs';
import './provided-context.ts';
import type { RedisServer } from './test-redis.ts';
import { startRedisServer } from './test-redis.ts';
import { openTestRun } from './test-run.ts';

/** A LiveKit server as a test sees it: addresses and the one key pair it knows. */
export interface LiveKitServer {
  readonly regionId: string;
  /** For clients, `ws:`. */
  readonly url: string;
  /** For the control plane, `http:`. */
  readonly apiUrl: string;
  readonly metricsUrl: string;
  readonly keyId: string;
  readonly secret: string;
}

/** A LiveKit server with a Redis of its own, for a test that breaks them. */
export interface LiveKitPair extends LiveKitServer {
  readonly redis: RedisServer;
  pid(): number;
  /** Ends it without a word (SIGKILL); returns when it is gone. */
  kill(): Promise<void>;
  /** Asks it to end (SIGTERM): it drains, and goes on while somebody is inside. */
  terminate(): void;
  freeze(): void;
  thaw(): void;
  /** Starts it again on the same ports, with the same keys and Redis. */
  restart(): Promise<void>;
}

export interface LiveKitPairOptions {
  readonly regionId: string;
  /** Where it sends its webhooks. */
  readonly webhookUrl: string;
  readonly runFolder?: string;
}

/**
 * The two regions of this run.
 * @throws Error where the machine has no LiveKit, so that a test never passes without it.
 */
export function getLiveKitServers(): readonly [LiveKitServer, LiveKitServer] {
  const [first, second] = inject('livekitServers') ?? [];
  if (!first || !second) throw new Error('This test needs two LiveKit servers: npm run parts');
  return [first, second];
}

/**
 * Has the webhooks of the run's two servers delivered to `listenerUrl` as well, with `/<region id>` appended. LiveKit
 * hears the listener's status. Rooms of other test files are heard of too.
 * @returns how to be left alone again.
 */
export async function receiveWebhooks(listenerUrl: string): Promise<() => Promise<void>> {
  const relayUrl = inject('webhookRelayUrl');
  if (relayUrl === null) throw new Error('This test needs two LiveKit servers: npm run parts');
  const tell = async (method: 'PUT' | 'DELETE'): Promise<void> => {
    await fetch(relayUrl, { method, body: listenerUrl, signal: AbortSignal.timeout(5_000) });
  };
  await tell('PUT');
  return () => tell('DELETE');
}

/** Starts the two servers of a run, each with its own Redis. */
export function startLiveKitServers(runFolder: string, deliveryUrl: string): Promise<LiveKitServer[]> {
  return Promise.all(
    ['eu-fra', 'us-iad'].map(async (regionId) => {
      const { url, apiUrl, metricsUrl, keyId, secret } = await startLiveKitPair({
        regionId,
        webhookUrl: `${deliveryUrl}/${regionId}`,
        runFolder,
      });
      return { regionId, url, apiUrl, metricsUrl, keyId, secret };
    }),
  );
}

/** Starts a server of the test's own. */
export async function startLiveKitPair(options: LiveKitPairOptions): Promise<LiveKitPair> {
  const { regionId, webhookUrl, runFolder = inject('runFolder') } = options;
  const { state, processes, ports, parts } = openTestRun(runFolder);
  const { program } = parts.livekit;
  if (!program) throw new Error('This test needs a LiveKit server: npm run parts');
  const redis = await startRedisServer(runFolder);
  const key = randomBytes(6).toString('hex');
  const take = (what: string) => ports.take(`livekit-${key}-${what}`);
  const settings = {
    id: regionId,
    keyId: `API${key}`,
    secret: randomBytes(24).toString('base64url'),
    webhookUrl,
    redisPort: redis.port,
    ports: { http: await take('http'), tcp: await take('tcp'), udp: await take('udp'), metrics: await take('metrics') },
  };
  const name = `livekit-${regionId}-${key}`;
  const start = () =>
    startLiveKit({ program, name, configurationFile: state.file(`${name}.yaml`), settings, processes });
  let running = await start();
  const { url, apiUrl, metricsUrl } = running;
  const { keyId, secret } = settings;
  return {
    regionId,
    url,
    apiUrl,
    metricsUrl,
    keyId,
    secret,
    redis,
    pid: () => running.pid,
    kill: () => processes.kill(running.pid),
    terminate: () => void process.kill(running.pid, 'SIGTERM'),
    freeze: () => void process.kill(running.pid, 'SIGSTOP'),
    thaw: () => void process.kill(running.pid, 'SIGCONT'),
    restart: async () => {
      running = await start();
    },
  };
}
