import type { ProvidedContext } from 'vitest';
import type { TestProject } from 'vitest/node';
import { ensureClient } from '../../infra/local/building.mjs';
import { openRunFolder } from '../../infra/local/run-folder.mjs';
import './provided-context.ts';
import { prepareTemplate } from './test-database.ts';
import { startLiveKitServers } from './test-livekit.ts';
import { startRedisServer } from './test-redis.ts';
import { openTestRun } from './test-run.ts';
import { startWebhookRelay } from './webhook-relay.ts';

/** Suites whose tests meet people. */
const WITH_LIVEKIT = new Set(['scenarios', 'e2e']);

/**
 * Brings up what a suite needs (one Postgres cluster with a migrated template, one Redis, two LiveKit servers) from the
 * same parts as the local stack, and takes it down afterwards.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await ensureClient();
  const folder = await openRunFolder();
  const run = openTestRun(folder.path);
  const close = async (): Promise<void> => {
    await run.close();
    await folder.remove();
  };
  try {
    const context = { runFolder: folder.path, ...(await startParts(project.name, folder.path)) };
    for (const [key, value] of Object.entries(context)) project.provide(key as keyof ProvidedContext, value);
    return close;
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(suite: string, runFolder: string): Promise<Omit<ProvidedContext, 'runFolder'>> {
  const run = openTestRun(runFolder);
  const { parts } = run;
  const relay = WITH_LIVEKIT.has(suite) && parts.livekit.program ? await startWebhookRelay() : null;
  if (relay) run.onClose(() => relay.close());
  const [postgres, redisUrl, livekitServers] = await Promise.all([
    prepareTemplate(runFolder),
    process.env['REDIS_URL'] || (parts.redis.program ? startRedisServer(runFolder).then(({ url }) => url) : null),
    relay ? startLiveKitServers(runFolder, relay.deliveryUrl) : null,
  ]);
  return { postgres, redisUrl, livekitServers, webhookRelayUrl: relay?.registrationUrl ?? null };
}
