import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import type { Prisma } from '../../generated/prisma/client.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import type { Secret } from '../../kernel/secret.ts';

/** What a store works with: the client itself or one transaction. */
export type Db = Prisma.TransactionClient;

export interface DatabaseOptions {
  readonly url: Secret;
  /** Connections of this process; a third of them, at least two, is reserved for joins. */
  readonly poolSize: number;
}

/**
 * Budgets: a query 500 ms, a wait for a connection 400 ms, together under the second in which a request must have its
 * answer whatever Postgres does. The wait covers the making of a connection too, which takes 100 ms on a busy machine.
 */
export const QUERY_TIMEOUT_MS = 500;
const POOL_WAIT_MS = 400;
/** The server gives up a little after us, so that our own clear time-out is what is seen. */
const STATEMENT_TIMEOUT_MS = 2_000;

export function poolSettings(url: Secret, max: number): pg.PoolConfig {
  return {
    connectionString: url.reveal(),
    max,
    connectionTimeoutMillis: POOL_WAIT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS * 2,
    keepAlive: true,
    application_name: 'meridian',
  };
}

/** Both doors to Postgres: Prisma for stores, and a small pool of prepared statements for the way of a join. */
export interface Connections {
  readonly prisma: PrismaClient;
  readonly hotPool: pg.Pool;
  /** Opens a first connection of both, trying again within the time. @throws what the last try threw. */
  untilReachable(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

export function connectDatabase({ url, poolSize }: DatabaseOptions): Connections {
  const reserved = Math.max(2, Math.floor(poolSize / 3));
  const pool = new pg.Pool(poolSettings(url, poolSize));
  const hotPool = new pg.Pool(poolSettings(url, reserved));
  // An idle connection that breaks reports here; the pool drops it by itself, and the next query tells the story.
  for (const each of [pool, hotPool]) each.on('error', () => {});
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool),
    transactionOptions: { maxWait: POOL_WAIT_MS + QUERY_TIMEOUT_MS, timeout: STATEMENT_TIMEOUT_MS * 2 },
  });
  return {
    prisma,
    hotPool,
    untilReachable: (timeoutMs) => untilReachable([pool, hotPool], Date.now() + timeoutMs),
    close: async () => {
      await Promise.allSettled([prisma.$disconnect(), pool.end(), hotPool.end()]);
    },
  };
}

const RETRY_EVERY_MS = 250;

/** A process that starts beside its database, or while it fails over, waits for it instead of dying. */
async function untilReachable(pools: readonly pg.Pool[], untilMs: number): Promise<void> {
  try {
    for (const pool of pools) await pool.query('SELECT 1');
  } catch (error) {
    if (Date.now() >= untilMs) throw error;
    await new Promise((resolve) => setTimeout(resolve, RETRY_EVERY_MS));
    await untilReachable(pools, untilMs);
  }
}
