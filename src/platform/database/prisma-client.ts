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
  /** Default: the budgets of a request, who must have an answer within a second. */
  readonly budgets?: DatabaseBudgets;
}

/** How long a call may take, in ms. */
export interface DatabaseBudgets {
  readonly connectMs: number;
  readonly hotConnectMs: number;
  readonly queryMs: number;
  readonly hotQueryMs: number;
}

/**
 * A query on the way of a join 500 ms, any other 800 ms, so that a request has its answer within a second whatever
 * Postgres does. Making a connection may take longer on a busy machine, where it says nothing about Postgres: the poll
 * on the hot pool finds out whether Postgres is away, and then whoever waits for a connection is refused at once.
 */
const REQUEST_BUDGETS: DatabaseBudgets = { connectMs: 3_000, hotConnectMs: 1_000, queryMs: 800, hotQueryMs: 500 };
/** Nobody but a person waits for a command. */
export const COMMAND_BUDGETS: DatabaseBudgets = { connectMs: 10_000, hotConnectMs: 10_000, queryMs: 30_000, hotQueryMs: 30_000 };
/** The server gives up a little after us, so that our own clear time-out is what is seen. */
const STATEMENT_TIMEOUT_FACTOR = 2.5;
/** Making a connection costs more than keeping one. */
const KEEP_IDLE_MS = 5 * 60_000;
/** A backstop only: each statement has its own, shorter time-out. */
const TRANSACTION_LIMIT_MS = 5_000;

function poolSettings(url: Secret, max: number, connectMs: number, queryMs: number): pg.PoolConfig & { max: number } {
  const statementMs = queryMs * STATEMENT_TIMEOUT_FACTOR;
  return {
    connectionString: url.reveal(),
    max,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: KEEP_IDLE_MS,
    query_timeout: queryMs,
    statement_timeout: statementMs,
    idle_in_transaction_session_timeout: statementMs * 2,
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

export function connectDatabase({ url, poolSize, budgets = REQUEST_BUDGETS }: DatabaseOptions): Connections {
  const reserved = Math.max(2, Math.floor(poolSize / 3));
  const pool = new GatedPool({ ...poolSettings(url, poolSize - reserved, budgets.connectMs, budgets.queryMs), refusesWhenAway: true });
  // It carries the poll that finds out when Postgres is there again, so it always tries.
  const hotPool = new GatedPool({ ...poolSettings(url, reserved, budgets.hotConnectMs, budgets.hotQueryMs), refusesWhenAway: false });
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
