import type { RoomId, SessionId } from '../kernel/ids.ts';
import type { HotQueries } from '../platform/database/hot-queries.ts';
import { ROOM_COLUMNS, type RoomRow, type TenantRoom, fromRow } from './room-row.ts';

/** The open session of a room as Postgres has it; the sessions module knows what it means. */
export interface SessionRow {
  readonly id: SessionId;
  readonly epoch: number;
  readonly region: string;
  readonly live_at: Date | null;
  readonly opened_at: Date;
  readonly livekit_sid: string | null;
  readonly last_sign_at: Date | null;
  readonly last_left_at: Date | null;
  readonly doubtful_at: Date | null;
  readonly hidden_at: Date | null;
  readonly empty_timeout_seconds: number;
  readonly departure_timeout_seconds: number;
  readonly max_participants: number | null;
  readonly decision_id: string;
  readonly inside: number;
  readonly room_config: { readonly metadata?: string };
  readonly node_sign_at: Date | null;
  readonly participants_read_at: Date | null;
  readonly silent_at: Date | null;
  readonly create_called_at: Date | null;
}

export interface FoundRoom extends TenantRoom {
  readonly session: SessionRow | null;
}

/** One change that a poll found: the room's revision, or that a session of it closed. */
export interface RoomChangeRow {
  readonly room_id: RoomId;
  readonly revision: number | null;
  readonly closed_session: SessionId | null;
}

export interface ChangedRooms {
  /** Postgres' clock, to ask from the next time. */
  readonly now: string;
  readonly changes: readonly RoomChangeRow[];
}

export interface RoomDirectoryStore {
  findById(id: RoomId): Promise<FoundRoom | undefined>;
  findBySlug(tenantId: string, slug: string): Promise<FoundRoom | undefined>;
  /** Rooms changed and sessions closed since `since` less an overlap; undefined = since now. */
  listChanges(since: string | undefined): Promise<ChangedRooms>;
  /** Revisions of these tenants' policies. */
  listTenantRevisions(tenantIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

const SESSION_COLUMNS = [
  'id', 'epoch', 'region', 'live_at', 'opened_at', 'livekit_sid', 'last_sign_at', 'last_left_at', 'doubtful_at',
  'hidden_at', 'empty_timeout_seconds', 'departure_timeout_seconds', 'max_participants', 'decision_id', 'inside',
  'room_config', 'node_sign_at', 'participants_read_at', 'silent_at', 'create_called_at',
] as const satisfies readonly (keyof SessionRow)[];

const FROM = `SELECT ${ROOM_COLUMNS}, ${SESSION_COLUMNS.map((name) => `s.${name} AS session_${name}`).join(', ')}
  FROM room r JOIN tenant t ON t.id = r.tenant_id LEFT JOIN session s ON s.room_id = r.id AND s.closed_at IS NULL`;

const BY_ID = { name: 'room_by_id', text: `${FROM} WHERE r.id = $1 AND r.deleted_at IS NULL` };
const BY_SLUG = { name: 'room_by_slug', text: `${FROM} WHERE r.tenant_id = $1 AND r.slug = $2 AND r.deleted_at IS NULL` };

/**
 * A change is stamped when its transaction begins and seen when it commits: 5 s is more than any of ours may last
 * (a statement 2 s, idle in a transaction 4 s, a request's whole unit of work 0.9 s).
 */
const OVERLAP = `interval '5 seconds'`;
/** One row tells the clock (before the snapshot of the rest was taken), the others what changed. */
const CHANGES = {
  name: 'room_changes',
  text: `SELECT NULL AS room_id, NULL::int AS revision, NULL AS closed_session, now()::text AS now
    UNION ALL
    SELECT id, revision, NULL, NULL FROM room WHERE updated_at > coalesce($1::timestamptz, now()) - ${OVERLAP}
    UNION ALL
    SELECT room_id, NULL, id, NULL FROM session
    WHERE closed_at IS NOT NULL AND closed_at > coalesce($1::timestamptz, now()) - ${OVERLAP}`,
};
const TENANT_REVISIONS = { name: 'tenant_revisions', text: 'SELECT id, revision FROM tenant WHERE id = ANY($1)' };

export function createRoomDirectoryStore(hot: HotQueries): RoomDirectoryStore {
  const found = (rows: readonly JoinedRow[]): FoundRoom | undefined => rows[0] && { ...fromRow(rows[0]), session: sessionOf(rows[0]) };
  return {
    findById: async (id) => found(await hot.rows<JoinedRow>(BY_ID, [id])),
    findBySlug: async (tenantId, slug) => found(await hot.rows<JoinedRow>(BY_SLUG, [tenantId, slug])),
    listChanges: async (since) => {
      const [clock, ...changes] = await hot.rows<RoomChangeRow & { now: string }>(CHANGES, [since ?? null]);
      if (!clock) throw new Error('Postgres did not tell its time');
      return { now: clock.now, changes };
    },
    listTenantRevisions: async (tenantIds) => {
      const rows = await hot.rows<{ id: string; revision: number }>(TENANT_REVISIONS, [[...tenantIds]]);
      return new Map(rows.map(({ id, revision }) => [id, revision]));
    },
  };
}

type JoinedRow = RoomRow & { readonly [K in keyof SessionRow as `session_${K}`]: SessionRow[K] | null };

function sessionOf(row: JoinedRow): SessionRow | null {
  if (row.session_id === null) return null;
  const entries = SESSION_COLUMNS.map((name) => [name, row[`session_${name}`]]);
  // The left join gave a whole row, so its columns have the table's types.
  return Object.fromEntries(entries);
}
