import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import type { Prisma } from '../../generated/prisma/client.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import type { Secret } from '../../kernel/secret.ts';
import { GatedPool } from './gated-pool.ts';

/** What a store works with: the client itself or one transaction. */
export type Db = Prisma.TransactionClient;

export interface DatabaseOptions {
  readonly url: Secret;
  /** Connections of this process; a third of them, at least two, is reserved for joins. */
  readonly poolSize: number;
}

/**
 * Budgets: a query on the way of a join 500 ms, any other 800 ms, the making of a connection 400 ms. Whatever Postgres
 * does, a request then has its answer within a second.
 */
const HOT_QUERY_TIMEOUT_MS = 500;
const QUERY_TIMEOUT_MS = 800;
const CONNECT_TIMEOUT_MS = 400;
/** The server gives up a little after us, so that our own clear time-out is what is seen. */
const STATEMENT_TIMEOUT_MS = 2_000;
/** A backstop only: each statement has its own, shorter time-out. */
const TRANSACTION_LIMIT_MS = 5_000;

function poolSettings(url: Secret, max: number, queryTimeoutMs: number): pg.PoolConfig & { max: number } {
  return {
    connectionString: url.reveal(),
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: queryTimeoutMs,
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
  /** Says that Postgres was found away, or is there again: nobody then waits for what will not come. */
  setAway(away: boolean): void;
  /** Opens a first connection of both. @throws what the driver threw. */
  reach(): Promise<void>;
  close(): Promise<void>;
}

export function connectDatabase({ url, poolSize }: DatabaseOptions): Connections {
  const reserved = Math.max(2, Math.floor(poolSize / 3));
  const pool = new GatedPool({ ...poolSettings(url, poolSize - reserved, QUERY_TIMEOUT_MS), refusesWhenAway: true });
  // It carries the poll that finds out when Postgres is there again, so it always tries.
  const hotPool = new GatedPool({ ...poolSettings(url, reserved, HOT_QUERY_TIMEOUT_MS), refusesWhenAway: false });
  // An idle connection that breaks reports here; the pool drops it by itself, and the next query tells the story.
  for (const each of [pool, hotPool]) each.on('error', () => {});
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool),
    transactionOptions: { maxWait: TRANSACTION_LIMIT_MS, timeout: TRANSACTION_LIMIT_MS },
  });
  return {
    prisma,
    hotPool,
    setAway: (away) => {
      pool.setAway(away);
      hotPool.setAway(away);
    },
    reach: async () => {
      await Promise.all([pool.query('SELECT 1'), hotPool.query('SELECT 1')]);
    },
    close: async () => {
      await Promise.allSettled([prisma.$disconnect(), pool.end(), hotPool.end()]);
    },
  };
}
