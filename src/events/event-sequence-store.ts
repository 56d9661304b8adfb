import type { Db } from '../platform/database/prisma-client.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';

export interface SequencedBatch {
  readonly count: number;
  /** Age of the oldest event of the batch when it got its place, in seconds; null for an empty batch. */
  readonly delaySeconds: number | null;
}

export interface EventSequenceStore {
  /** Whether there is an event without a place in its log: one cheap look at a partial index. */
  hasWaiting(): Promise<boolean>;
  /**
   * Gives the next events, at most `limit`, their places in their logs. Undefined while another process does it.
   * One transaction holds the lock, raises the counters and writes the places: whatever ends it half way undoes all
   * three, so a log has neither gap nor double.
   */
  sequence(limit: number): Promise<SequencedBatch | undefined>;
  /**
   * Deletes at most `limit` events older than this from the beginnings of their logs; tells how many. What is not
   * yet old stops its log there, so that a log never has a hole.
   */
  expire(retentionSeconds: number, limit: number): Promise<number>;
}

/** "MRDNSEQ1" in ASCII. Any number would do that nobody else in the database takes for an advisory lock. */
const SEQUENCER_LOCK = 0x4d52444e53455131n;
/** A batch is one statement of some ten milliseconds; a busy machine may take twenty times that. */
const SEQUENCE_TIMEOUT_MS = 2_000;
/** Logs whose beginnings one round of the retention looks at. */
const LOGS_PER_ROUND = 50;

export function createEventSequenceStore({ db, run }: UnitOfWork): EventSequenceStore {
  return {
    hasWaiting: async () => {
      const [row] = await db.$queryRaw<{ waiting: boolean }[]>`SELECT EXISTS (SELECT 1 FROM event WHERE seq IS NULL) AS waiting`;
      return row?.waiting === true;
    },
    sequence: (limit) =>
      run(
        async (work) => {
          // A statement of its own: the next one's snapshot is then sure to show what the last holder has committed.
          const [lock] = await work.db.$queryRaw<{ held: boolean }[]>`SELECT pg_try_advisory_xact_lock(${SEQUENCER_LOCK}) AS held`;
          return lock?.held === true ? sequenceBatch(work.db, limit) : undefined;
        },
        { timeoutMs: SEQUENCE_TIMEOUT_MS },
      ),
    expire: (retentionSeconds, limit) => expireBatch(db, retentionSeconds, limit),
  };
}

async function sequenceBatch(db: Db, limit: number): Promise<SequencedBatch> {
  const [batch] = await db.$queryRaw<{ count: number; delay: number | null }[]>`
    WITH waiting AS (
      SELECT n, log, row_number() OVER (PARTITION BY log ORDER BY n) AS place
      FROM (SELECT n, log FROM event WHERE seq IS NULL ORDER BY n LIMIT ${limit}) AS next
    ), counter AS (
      INSERT INTO event_counter AS known (log, seq)
      SELECT log, count(*) FROM waiting GROUP BY log ORDER BY log
      ON CONFLICT (log) DO UPDATE SET seq = known.seq + excluded.seq
      RETURNING log, seq
    ), placed AS (
      UPDATE event SET seq = counter.seq - size.count + waiting.place
      FROM waiting
      JOIN counter ON counter.log = waiting.log
      JOIN (SELECT log, count(*) AS count FROM waiting GROUP BY log) AS size ON size.log = waiting.log
      WHERE event.n = waiting.n
      RETURNING event.at
    )
    SELECT count(*)::int AS count, extract(epoch FROM clock_timestamp() - min(at))::float8 AS delay FROM placed`;
  return { count: batch?.count ?? 0, delaySeconds: batch?.delay ?? null };
}

/**
 * Time stamps are those of the transactions' beginnings, so in a log they do not quite follow the places: only the
 * unbroken beginning of old events goes.
 */
function expireBatch(db: Db, retentionSeconds: number, limit: number): Promise<number> {
  return db.$executeRaw`
    WITH old AS (
      SELECT DISTINCT log FROM (
        SELECT log FROM event WHERE at < now() - ${retentionSeconds} * interval '1 second' AND seq IS NOT NULL
        ORDER BY at LIMIT ${LOGS_PER_ROUND}) AS oldest
    ), beginning AS (
      SELECT first.n, first.log, first.seq,
             bool_and(first.at < now() - ${retentionSeconds} * interval '1 second') OVER (PARTITION BY first.log ORDER BY first.seq) AS gone
      FROM old CROSS JOIN LATERAL (
        SELECT n, log, seq, at FROM event WHERE event.log = old.log AND seq IS NOT NULL ORDER BY seq LIMIT ${limit}) AS first
    )
    DELETE FROM event WHERE n IN (SELECT n FROM beginning WHERE gone ORDER BY log, seq LIMIT ${limit})`;
}
