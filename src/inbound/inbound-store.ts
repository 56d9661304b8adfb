import { makeId } from '../kernel/ids.ts';
import { decodeCursor, toPage, type Page, type PageRequest } from '../kernel/page.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { InboundEvent, InboundState, NewInboundEvent } from './inbound-event.ts';

export interface InboundFilter {
  readonly region?: string | undefined;
  readonly type?: string | undefined;
  readonly state?: InboundState | undefined;
}

export interface InboundStore {
  /** Writes all rows in one statement. Answers, in the order given, which were new. */
  insertMany(events: readonly NewInboundEvent[]): Promise<boolean[]>;
  /** Newest first. */
  list(filter: InboundFilter, page: PageRequest): Promise<Page<InboundEvent>>;
  /** Puts a row before the handlers again, as if it had just come. Undefined when there is none of this id. */
  replay(id: string): Promise<InboundEvent | undefined>;
  /** Deletes up to `limit` finished rows that were received before `before`; how many it were. */
  deleteBefore(before: Date, limit: number): Promise<number>;
}

const LISTED = { id: true, region: true, eventId: true, type: true, receivedAt: true, state: true, error: true } as const;

/** The ledger of LiveKit's webhooks, as routes and operators see it. */
export function createInboundStore(db: Db): InboundStore {
  return {
    insertMany: (events) => insertMany(db, events),
    list: async ({ region, type, state }, { limit, cursor }) => {
      const [before] = cursor === undefined ? [] : decodeCursor(cursor, 1);
      const rows = await db.inboundEvent.findMany({
        where: {
          ...(region === undefined ? {} : { region }),
          ...(type === undefined ? {} : { type }),
          ...(state === undefined ? {} : { state }),
          ...(before === undefined ? {} : { id: { lt: before } }),
        },
        select: LISTED,
        orderBy: { id: 'desc' },
        take: limit + 1,
      });
      return toPage(rows.map(fromRow), limit, (event) => [event.id]);
    },
    replay: async (id) => {
      const { count } = await db.inboundEvent.updateMany({
        where: { id },
        data: { state: 'pending', attempt: 0, owner: null, leaseUntil: null, error: null, doneAt: null },
      });
      if (count === 0) return undefined;
      await db.$executeRaw`UPDATE inbound_event SET due_at = now() WHERE id = ${id}`;
      const row = await db.inboundEvent.findUnique({ where: { id }, select: LISTED });
      return row ? fromRow(row) : undefined;
    },
    deleteBefore: (before, limit) => db.$executeRaw`
      DELETE FROM inbound_event WHERE id IN (
        SELECT id FROM inbound_event
        WHERE id < ${makeId('inbound', before.getTime())} AND state <> 'pending'
        ORDER BY id LIMIT ${limit})`,
  };
}

async function insertMany(db: Db, events: readonly NewInboundEvent[]): Promise<boolean[]> {
  const rows = events.map((event) => ({ ...event, id: makeId('inbound') }));
  // Two transactions that insert the same keys in one order cannot deadlock.
  const ordered = rows.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  const written = await db.$queryRaw<{ id: string }[]>`
    INSERT INTO inbound_event (id, region, event_id, type, state, fields, body)
    SELECT id, region, "eventId", type, state, fields, body
    FROM jsonb_to_recordset(${JSON.stringify(ordered)}::jsonb)
      AS new(id text, region text, "eventId" text, type text, state text, fields jsonb, body jsonb)
    ON CONFLICT (region, event_id) DO NOTHING
    RETURNING id`;
  const ids = new Set(written.map((row) => row.id));
  return rows.map((row) => ids.has(row.id));
}

function keyOf(event: NewInboundEvent): string {
  return `${event.region}/${event.eventId}`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function fromRow(row: Omit<InboundEvent, 'state'> & { readonly state: string }): InboundEvent {
  // A check constraint bounds the column.
  return { ...row, state: row.state as InboundState };
}
