import { type ChangeSignal, createChangeSignal } from '../coordination/change-signal.ts';
import { type Freshness, createFreshness } from '../coordination/freshness.ts';
import { type Generations, createGenerations } from '../coordination/generation.ts';
import { type Instance, createInstance, ownerToken } from '../coordination/instance.ts';
import { type LeaderElection, createLeaderElection } from '../coordination/leader.ts';
import { type Clock, systemClock } from '../kernel/clock.ts';
import type { Config } from '../platform/config/load-config.ts';
import { type HotQueries, createHotQueries } from '../platform/database/hot-queries.ts';
import { type Connections, type DatabaseBudgets, connectDatabase } from '../platform/database/prisma-client.ts';
import { type UnitOfWork, createUnitOfWork } from '../platform/database/unit-of-work.ts';
import { type Lifecycle, createLifecycle } from '../platform/lifecycle.ts';
import { createKeyspace } from '../platform/redis/keyspace.ts';
import { type RedisConnections, connectRedis } from '../platform/redis/redis-connections.ts';
import { type Logger, createLogger } from '../platform/telemetry/logger.ts';
import { type Metrics, createMetrics } from '../platform/telemetry/metrics.ts';
import { VERSION } from './version.ts';

/** Everything below the modules, opened once for each process. */
export interface Platform {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly instance: Instance;
  readonly connections: Connections;
  readonly unitOfWork: UnitOfWork;
  readonly hot: HotQueries;
  readonly redis: RedisConnections | undefined;
  readonly freshness: Freshness;
  readonly generations: Generations;
  readonly changes: ChangeSignal;
  readonly leader: LeaderElection;
}

export interface PlatformOptions {
  readonly config: Config;
  /** Tests take the log lines here and leave the process' own metrics out. */
  readonly logSink?: { write(line: string): void };
  readonly clock?: Clock;
  /** For processes that answer no requests. */
  readonly databaseBudgets?: DatabaseBudgets;
}

const CLOSE_DEADLINE_MS = 5_000;

export function createPlatform({ config, logSink, clock = systemClock, databaseBudgets }: PlatformOptions): Platform {
  const instance = createInstance({
    configuredId: config.MERIDIAN_INSTANCE_ID,
    hostName: config.HOST_NAME,
    role: config.MERIDIAN_ROLE,
    version: VERSION,
    now: new Date(clock.nowMs()),
  });
  const logger = createLogger({
    level: config.MERIDIAN_LOG_LEVEL,
    instance: instance.id,
    role: instance.role,
    ...(logSink ? { sink: logSink } : {}),
  });
  const lifecycle = createLifecycle(logger);
  const connections = connectDatabase({ url: config.DATABASE_URL, poolSize: config.MERIDIAN_DATABASE_POOL, ...(databaseBudgets ? { budgets: databaseBudgets } : {}) });
  lifecycle.onStop('postgres', CLOSE_DEADLINE_MS, connections.close);
  const redis = openRedis(config, logger, lifecycle);
  const hot = createHotQueries(connections);
  const freshness = createFreshness({
    ...clock,
    onChange: (state, error) => reportFreshness(logger, state, error),
    isReachable: () => hot.rows({ name: 'reachable', text: 'SELECT 1' }, []).then(() => true, () => false),
    onRound: connections.setAway,
  });
  const unitOfWork = createUnitOfWork(connections);
  return {
    config, clock, logger, lifecycle, instance, connections, unitOfWork, hot, redis, freshness,
    metrics: createMetrics({ withProcess: logSink === undefined }),
    generations: createGenerations({ hot, freshness }),
    changes: createChangeSignal({ redis, freshness, channel: createKeyspace(config.MERIDIAN_REDIS_PREFIX).changedChannel }),
    leader: createLeaderElection({ db: unitOfWork.db, owner: ownerToken(instance), ...clock }),
  };
}

function openRedis(config: Config, logger: Logger, lifecycle: Lifecycle): RedisConnections | undefined {
  if (!config.REDIS_URL) {
    logger.warn('no REDIS_URL: in-process fall-backs only, which is safe for a single replica and no more');
    return undefined;
  }
  const redis = connectRedis({
    url: config.REDIS_URL,
    onState: (state, error) => {
      if (state === 'up') logger.info('redis is there');
      else logger.warn({ reason: error?.message }, 'redis is away; going on without it and trying again');
    },
  });
  lifecycle.onStop('redis', CLOSE_DEADLINE_MS, redis.close);
  return redis;
}

function reportFreshness(logger: Logger, state: 'good' | 'failing', error: unknown): void {
  if (state === 'good') logger.info('postgres answers again; what is remembered is confirmed');
  else logger.warn({ err: error }, 'postgres does not answer; going on with what was confirmed in the last 10 minutes');
}
