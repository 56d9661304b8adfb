import { Prisma } from '../../generated/prisma/client.ts';
import { dependencyUnavailable, isAppError } from '../../kernel/app-error.ts';
import { makeId } from '../../kernel/ids.ts';
import { classifyDatabaseFailure } from './database-failure.ts';
import type { Connections, Db } from './prisma-client.ts';

/** One thing that happened to one subject; `transition` makes it unique for that subject. */
export interface NewEvent {
  /** The log it belongs to: a tenant's id, or `system`. */
  readonly log: string;
  readonly type: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly transition?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface NewAudit {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly requestId?: string | undefined;
  readonly tenantId: string | null;
}

/** One transaction: stores are made on `db`; events and audit rows are part of it or do not happen. */
export interface Work {
  readonly db: Db;
  appendEvent(event: NewEvent): Promise<void>;
  /** Many at once, in this order: one statement, however many tenants are told. */
  appendEvents(events: readonly NewEvent[]): Promise<void>;
  appendAudit(entry: NewAudit): Promise<void>;
}

export interface UnitOfWork {
  readonly db: Db;
  /**
   * Runs `work` in one transaction. Deadlocks and serialization failures are tried again (at most three times in all).
   * @throws AppError `dependency.unavailable` when Postgres does not answer within the budget.
   */
  run<T>(work: (transaction: Work) => Promise<T>, options?: RunOptions): Promise<T>;
}

export interface RunOptions {
  /** Budget of the statements together; requests keep the default. */
  readonly timeoutMs?: number;
}

/** Of the statements together, on a busy machine; one that is not answered fails by its own time-out long before. */
const DEFAULT_TIMEOUT_MS = 2_500;
const MAX_TRIES = 3;

export function createUnitOfWork({ prisma }: Pick<Connections, 'prisma'>): UnitOfWork {
  async function attempt<T>(work: (transaction: Work) => Promise<T>, timeoutMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const bound = async (db: Db): Promise<T> => {
        try {
          return await work(bindWork(db));
        } catch (error) {
          // Answered before the rollback, which has to wait for its own time-out when Postgres is away.
          reject(error);
          throw error;
        }
      };
      prisma.$transaction(bound, { timeout: timeoutMs }).then(resolve, reject);
    });
  }

  return {
    db: prisma,
    run: async (work, { timeoutMs = DEFAULT_TIMEOUT_MS } = {}) => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await attempt(work, timeoutMs);
        } catch (error) {
          if (isAppError(error)) throw error;
          const failure = classifyDatabaseFailure(error);
          if (failure === 'away') throw dependencyUnavailable('Postgres', { cause: error });
          if (failure !== 'conflict' || tries >= MAX_TRIES) throw error;
        }
      }
    },
  };
}

function bindWork(db: Db): Work {
  return {
    db,
    appendEvent: (event) => insertEvents(db, [event]),
    appendEvents: (events) => insertEvents(db, events),
    appendAudit: (entry) => insertAudit(db, entry),
  };
}

async function insertEvents(db: Db, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ log, type, subject, transition, data }) => ({
    id: makeId('event'), log, type, data, transition: transition ?? null, subject_kind: subject.kind, subject_id: subject.id,
  }));
  await db.$executeRaw`
    INSERT INTO event (id, log, type, tenant_id, subject_kind, subject_id, transition, data)
    SELECT id, log, type, log, subject_kind, subject_id, transition, data
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS row (id text, log text, type text, subject_kind text, subject_id text, transition text, data jsonb)
    ON CONFLICT (log, subject_kind, subject_id, transition) DO NOTHING`;
  // Sent at commit; wakes the sequencer, which polls anyway.
  await db.$executeRaw`SELECT pg_notify('meridian_event', '')::text`;
}

async function insertAudit(db: Db, entry: NewAudit): Promise<void> {
  await db.auditEntry.create({
    data: {
      id: makeId('audit'),
      actor: entry.actor,
      action: entry.action,
      subject: entry.subject,
      before: toJson(entry.before),
      after: toJson(entry.after),
      requestId: entry.requestId ?? null,
      tenantId: entry.tenantId,
    },
  });
}

/** A domain value as a JSON column; absent becomes SQL NULL. */
export function toJson(value: unknown): Prisma.InputJsonValue | typeof Prisma.DbNull {
  return value === undefined || value === null
    ? Prisma.DbNull
    : (JSON.parse(JSON.stringify(value)) as Prisma.InputJsonValue);
}
