import type { Db } from '../platform/database/prisma-client.ts';

/** A row that this process may handle until its lease ends. */
export interface ClaimedEvent {
  readonly id: string;
  readonly region: string;
  readonly type: string;
  readonly receivedAt: Date;
  /** LiveKit's name of the room it is about. */
  readonly roomName: string | null;
  readonly body: unknown;
  /** Fences each later write: whoever claims next has a higher one. */
  readonly attempt: number;
}

/** How handling ended; `retryAfterMs` leaves the row pending. */
export interface Settlement {
  readonly id: string;
  readonly attempt: number;
  readonly state: 'done' | 'failed' | 'pending' | 'unreadable';
  readonly error: string | null;
  readonly retryAfterMs: number;
}

export interface InboundClaimStore {
  /**
   * Takes up to `limit` due rows that nobody holds, oldest first, of regions other than `except`. Replicas never wait for one another. A row whose
   * holder died is due again when its lease ends. All times are Postgres'.
   */
  claim(limit: number, leaseMs: number, except?: readonly string[]): Promise<ClaimedEvent[]>;
  /** Writes results where the claim still holds; the rest is somebody else's by now and is left alone. */
  settle(settlements: readonly Settlement[]): Promise<void>;
}

export function createInboundClaimStore({ db, owner }: { readonly db: Db; readonly owner: string }): InboundClaimStore {
  return {
    claim: async (limit, leaseMs, except = []) => {
      // `due_at` is moved to the end of the lease, so that the index holds no rows that are being worked on.
      const rows = await db.$queryRaw<ClaimedEvent[]>`
        UPDATE inbound_event SET
          owner = ${owner},
          attempt = attempt + 1,
          lease_until = now() + ${leaseMs} * interval '1 millisecond',
          due_at = now() + ${leaseMs} * interval '1 millisecond'
        WHERE id IN (
          SELECT id FROM inbound_event
          WHERE state = 'pending' AND due_at <= now() AND (lease_until IS NULL OR lease_until <= now())
            AND region <> ALL(${[...except]})
          ORDER BY due_at, id
          LIMIT ${limit}
          FOR UPDATE SKIP LOCKED)
        RETURNING id, region, type, received_at AS "receivedAt", body #>> '{room,name}' AS "roomName", body, attempt`;
      return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    },
    settle: async (settlements) => {
      await db.$executeRaw`
        UPDATE inbound_event SET
          state = settled.state,
          error = settled.error,
          owner = NULL,
          lease_until = NULL,
          due_at = now() + settled."retryAfterMs" * interval '1 millisecond',
          done_at = CASE WHEN settled.state = 'pending' THEN NULL ELSE now() END
        FROM jsonb_to_recordset(${JSON.stringify(settlements)}::jsonb)
          AS settled(id text, attempt integer, state text, error text, "retryAfterMs" double precision)
        WHERE inbound_event.id = settled.id
          AND inbound_event.attempt = settled.attempt
          AND inbound_event.owner = ${owner}
          AND inbound_event.state = 'pending'`;
    },
  };
}
