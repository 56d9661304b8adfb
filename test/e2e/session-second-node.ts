import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { startLiveKit } from '../../infra/local/services/livekit.mjs';
import '../support/provided-context.ts';
import type { LiveKitPair } from '../support/test-livekit.ts';
import { openTestRun } from '../support/test-run.ts';

/** One more LiveKit server of a region: the same Redis and keys, ports of its own. */
export interface SecondNode {
  readonly apiUrl: string;
  readonly metricsUrl: string;
  kill(): Promise<void>;
}

export async function addNode(pair: LiveKitPair, webhookUrl: string): Promise<SecondNode> {
  const { state, processes, ports, parts } = openTestRun(inject('runFolder'));
  const { program } = parts.livekit;
  if (!program) throw new Error('This test needs a LiveKit server: npm run parts');
  const name = `livekit-${pair.regionId}-${randomBytes(6).toString('hex')}`;
  const take = (what: string): Promise<number> => ports.take(`${name}-${what}`);
  const { pid, apiUrl, metricsUrl } = await startLiveKit({
    program,
    name,
    configurationFile: state.file(`${name}.yaml`),
    processes,
    settings: {
      id: pair.regionId,
      keyId: pair.keyId,
      secret: pair.secret,
      webhookUrl,
      redisPort: pair.redis.port,
      ports: { http: await take('http'), tcp: await take('tcp'), udp: await take('udp'), metrics: await take('metrics') },
    },
  });
  return { apiUrl, metricsUrl, kill: () => processes.kill(pid) };
}

/** How many rooms a node holds by its own count. */
export async function roomsOn({ metricsUrl }: Pick<SecondNode, 'metricsUrl'>): Promise<number> {
  const text = await (await fetch(metricsUrl, { signal: AbortSignal.timeout(5_000) })).text();
  return Number(/^livekit_room_total(?:\{[^}]*\})? ([0-9.]+)$/m.exec(text)?.[1] ?? Number.NaN);
}
