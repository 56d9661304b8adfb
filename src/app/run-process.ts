import { setTimeout as delay } from 'node:timers/promises';
import { forgetInstance, recordInstance } from '../coordination/instance.ts';
import { createScheduler } from '../coordination/scheduler.ts';
import { type Phase, createHealthRoutes } from '../platform/http/health-routes.ts';
import type { Schedule } from '../platform/module.ts';
import { type Composition, compose } from './compose.ts';
import { startThroughAbsence, untilDatabaseIsReady } from './database-start.ts';
import { createHealthChecks } from './health-checks.ts';
import { createHttpApp } from './http-app.ts';
import { createInstanceRoutes } from './instance-routes.ts';
import type { Platform } from './platform.ts';
import { schedulesOf, shutdownMs } from './process-role.ts';
import { serveApp, serveMetrics } from './serve.ts';
import { VERSION } from './version.ts';

const INSTANCE_EVERY_MS = 10_000;
const STOP_DEADLINE_MS = 10_000;

export interface RunOptions {
  /** Tests hold each answer against its schema. */
  readonly checkResponses?: boolean;
}

export interface RunningProcess {
  readonly port: number;
  readonly composition: Composition;
}

/**
 * Runs one process in its role until the lifecycle stops it. Its port is open from the beginning: health answers, and
 * everything else is refused until the database is there. Returns when it is ready, or is told to stop meanwhile.
 * @throws Error when a port is taken, or the database does not become ready in time.
 */
export async function runProcess(platform: Platform, options: RunOptions = {}): Promise<RunningProcess> {
  const { config, lifecycle, logger, unitOfWork, instance, freshness } = platform;
  const product = compose(platform);
  const schedules = [...schedulesOf(config.MERIDIAN_ROLE, product.schedules), heartbeat(platform)];
  const scheduler = createScheduler({ schedules, leader: platform.leader, logger, random: Math.random });
  let isReady = false;
  const phase = (): Phase => (lifecycle.signal.aborted ? 'stopping' : isReady ? 'serving' : 'starting');
  warnOfLivekitNames(platform);
  planShutdown(platform, product, scheduler.stop);
  const port = await openPorts(platform, product, phase, options);
  const running = { port, composition: product };
  await untilDatabaseIsReady(platform);
  if (lifecycle.signal.aborted) return running;
  await startThroughAbsence(async () => {
    await product.start();
    await recordInstance(unitOfWork.db, instance);
  }, platform);
  await freshness.start();
  scheduler.start();
  isReady = true;
  logger.info({ port, version: VERSION, boot: instance.boot }, 'ready');
  return running;
}

/**
 * The shutdown runs from the last of these to the first, and the ports opened later come before them: not ready, no new
 * connection and running requests finished, running work finished, what was batched is written, then the connections.
 */
function planShutdown({ lifecycle, config, leader, freshness, unitOfWork, instance }: Platform, product: Composition, stopSchedules: () => Promise<void>): void {
  lifecycle.onStop('leaderships', STOP_DEADLINE_MS, leader.stop);
  lifecycle.onStop('modules', STOP_DEADLINE_MS, product.stop);
  lifecycle.onStop('freshness', STOP_DEADLINE_MS, freshness.stop);
  lifecycle.onStop('instance', STOP_DEADLINE_MS, () => forgetInstance(unitOfWork.db, instance));
  lifecycle.onStop('schedules', shutdownMs(config), stopSchedules);
}

/** A worker has a port for its health alone; an API process serves the product and says for a while that it will not. */
async function openPorts(platform: Platform, product: Composition, phase: () => Phase, options: RunOptions): Promise<number> {
  const { config, lifecycle } = platform;
  const health = createHealthRoutes({ checks: createHealthChecks(platform), version: VERSION, phase });
  const own = [...health, ...createInstanceRoutes(platform)];
  const isWorker = config.MERIDIAN_ROLE === 'worker';
  const app = createHttpApp({
    ...options,
    platform,
    routes: isWorker ? own : [...product.routes, ...own],
    withDocuments: !isWorker,
    readCredential: product.readCredential,
    isOpen: () => phase() !== 'starting',
    isStopping: () => phase() === 'stopping',
  });
  await serveMetrics(platform);
  const port = await serveApp(platform, app, isWorker ? config.MERIDIAN_HEALTH_PORT : config.MERIDIAN_PORT);
  if (!isWorker) lifecycle.onStop('handover', config.MERIDIAN_HANDOVER_SECONDS * 1000 + STOP_DEADLINE_MS, () => delay(config.MERIDIAN_HANDOVER_SECONDS * 1000));
  return port;
}

function heartbeat({ unitOfWork, instance }: Platform): Schedule {
  return { name: 'instance', everyMs: INSTANCE_EVERY_MS, runs: 'each', run: () => recordInstance(unitOfWork.db, instance) };
}

/** They would sign with one region's key for all: the SDK's habit that a service of several regions must not have. */
function warnOfLivekitNames({ config, logger }: Platform): void {
  if (config.LIVEKIT_NAMES_SET.length === 0) return;
  logger.warn({ names: config.LIVEKIT_NAMES_SET }, 'LIVEKIT_* variables are set and ignored: keys belong to regions');
}
