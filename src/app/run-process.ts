import { forgetInstance, recordInstance } from '../coordination/instance.ts';
import { createScheduler } from '../coordination/scheduler.ts';
import { createHealthRoutes } from '../platform/http/health-routes.ts';
import type { Schedule } from '../platform/module.ts';
import { type Composition, compose } from './compose.ts';
import { createHealthChecks } from './health-checks.ts';
import { createHttpApp } from './http-app.ts';
import { createInstanceRoutes } from './instance-routes.ts';
import type { Platform } from './platform.ts';
import { schedulesOf } from './process-role.ts';
import { serveApp, serveMetrics } from './serve.ts';
import { VERSION } from './version.ts';

const INSTANCE_EVERY_MS = 10_000;
const STOP_DEADLINE_MS = 10_000;
const START_PATIENCE_MS = 30_000;
/** Between "not ready" and the closing of the port, so that a balancer's next probe comes first. */
const HANDOVER_MS = 250;

/**
 * Runs one process in its role until the lifecycle stops it. Order of the shutdown: not ready, no new connection and
 * running requests finished, background work finished, what was batched is written, then the connections.
 */
export async function runProcess(platform: Platform, options: { readonly checkResponses?: boolean } = {}): Promise<{ readonly port: number; readonly composition: Composition }> {
  const { config, connections, logger, lifecycle, freshness, leader, unitOfWork, instance } = platform;
  const role = config.MERIDIAN_ROLE;
  warnOfLivekitNames(platform);
  const product = compose(platform);
  lifecycle.onStop('modules', STOP_DEADLINE_MS, product.stop);
  await connections.untilReachable(START_PATIENCE_MS);
  await product.start();
  freshness.start();
  lifecycle.onStop('freshness', STOP_DEADLINE_MS, freshness.stop);
  const scheduler = createScheduler({ schedules: [...schedulesOf(role, product.schedules), heartbeat(platform)], leader, logger, random: Math.random });
  lifecycle.onStop('instance', 2_000, () => forgetInstance(unitOfWork.db, instance));
  lifecycle.onStop('schedules', config.MERIDIAN_SHUTDOWN_SECONDS * 1000, scheduler.stop);
  const health = createHealthRoutes({ checks: createHealthChecks(platform), version: VERSION, isServing: () => !lifecycle.signal.aborted });
  const own = [...health, ...createInstanceRoutes(platform)];
  const routes = role === 'worker' ? own : [...product.routes, ...own];
  const app = createHttpApp({ platform, routes, readCredential: product.readCredential, ...options });
  const port = await serveApp(platform, app, role === 'worker' ? config.MERIDIAN_HEALTH_PORT : config.MERIDIAN_PORT);
  await serveMetrics(platform);
  lifecycle.onStop('handover', STOP_DEADLINE_MS, () => new Promise((resolve) => setTimeout(resolve, HANDOVER_MS)));
  await recordInstance(unitOfWork.db, instance);
  scheduler.start();
  logger.info({ role, port, version: VERSION, boot: instance.boot }, 'ready');
  return { port, composition: product };
}

function heartbeat({ unitOfWork, instance }: Platform): Schedule {
  return { name: 'instance', everyMs: INSTANCE_EVERY_MS, runs: 'each', run: () => recordInstance(unitOfWork.db, instance) };
}

/** They would sign with one region's key for all: the SDK's habit that a service of several regions must not have. */
function warnOfLivekitNames({ config, logger }: Platform): void {
  if (config.LIVEKIT_NAMES_SET.length === 0) return;
  logger.warn({ names: config.LIVEKIT_NAMES_SET }, 'LIVEKIT_* variables are set and ignored: keys belong to regions');
}
