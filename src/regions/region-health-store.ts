import type { Db } from '../platform/database/prisma-client.ts';
import type { Probe } from './region-health.ts';
import type { HealthStatus } from './region.ts';

/** What all replicas together have written of a region. Ages are by Postgres' clock. */
export interface StoredHealth {
  readonly regionId: string;
  readonly status: HealthStatus;
  readonly reason: string;
  readonly since: Date;
  readonly ageMs: number;
  readonly proven: boolean;
  readonly load: number | null;
  readonly loadAgeMs: number | null;
  /** ISO times of the last use of each key, by the key's id. */
  readonly keyUses: Readonly<Record<string, string>>;
}

/** A replica's own verdict as it is written down. */
export interface HealthVerdict {
  readonly regionId: string;
  readonly status: HealthStatus;
  readonly reason: string;
  readonly probes: readonly Probe[];
}

export interface MeasuredLoad {
  readonly regionId: string;
  readonly load: number | null;
  readonly participants: number | null;
  readonly rooms: number | null;
}

export interface RegionHealthStore {
  readAll(): Promise<StoredHealth[]>;
  /** Makes the missing rows, then locks all of them in one order, so that two replicas never wait for each other. */
  lockRows(regionIds: readonly string[]): Promise<StoredHealth[]>;
  writeVerdicts(verdicts: readonly HealthVerdict[]): Promise<void>;
  /** A first good probe proves a region for good. */
  prove(regionIds: readonly string[]): Promise<void>;
  /** Signs of life: the silence, if there was one, is over. */
  noteSigns(regionIds: readonly string[]): Promise<void>;
  /** Failed probes. Silence counts from the first failure that no sign and no gap of more than 10 s has followed. */
  noteFailures(regionIds: readonly string[]): Promise<void>;
  noteKeyUses(regionId: string, keyIds: readonly string[]): Promise<void>;
  writeLoads(loads: readonly MeasuredLoad[]): Promise<void>;
}

interface Row {
  readonly region_id: string;
  readonly status: HealthStatus;
  readonly reason: string;
  readonly since: Date;
  readonly age_ms: number;
  readonly proven: boolean;
  readonly load: number | null;
  readonly load_age_ms: number | null;
  readonly key_uses: Readonly<Record<string, string>>;
}

export function createRegionHealthStore(db: Db): RegionHealthStore {
  return { ...readsOf(db), ...writesOf(db) };
}

function readsOf(db: Db): Pick<RegionHealthStore, 'readAll' | 'lockRows'> {
  return {
    readAll: async () => {
      const rows = await db.$queryRaw<Row[]>`
        SELECT region_id, status, reason, since, proven_at IS NOT NULL AS proven, load, key_uses,
          extract(epoch FROM now() - at)::float8 * 1000 AS age_ms,
          extract(epoch FROM now() - load_at)::float8 * 1000 AS load_age_ms
        FROM region_health`;
      return rows.map(fromRow);
    },
    lockRows: async (regionIds) => {
      const ids = [...regionIds];
      await ensureRows(db, ids);
      const rows = await db.$queryRaw<Row[]>`
        SELECT region_id, status, reason, since, proven_at IS NOT NULL AS proven, load, key_uses,
          extract(epoch FROM now() - at)::float8 * 1000 AS age_ms,
          extract(epoch FROM now() - load_at)::float8 * 1000 AS load_age_ms
        FROM region_health WHERE region_id = ANY(${ids}) ORDER BY region_id FOR UPDATE`;
      return rows.map(fromRow);
    },
  };
}

function writesOf(db: Db): Omit<RegionHealthStore, 'readAll' | 'lockRows'> {
  return {
    writeVerdicts: async (verdicts) => {
      await db.$executeRaw`
        UPDATE region_health SET status = given.status, reason = given.reason, probes = given.probes, at = now(),
          since = CASE WHEN region_health.status = given.status THEN region_health.since ELSE now() END
        FROM jsonb_to_recordset(${JSON.stringify(verdicts)}::jsonb)
          AS given ("regionId" text, status text, reason text, probes jsonb)
        WHERE region_id = given."regionId"`;
    },
    prove: async (regionIds) => {
      await db.$executeRaw`
        UPDATE region_health SET proven_at = now() WHERE region_id = ANY(${[...regionIds]}) AND proven_at IS NULL`;
    },
    noteSigns: async (regionIds) => {
      await db.$executeRaw`
        UPDATE region_health SET last_sign_at = now(), dark_since = NULL WHERE region_id = ANY(${[...regionIds]})`;
    },
    noteFailures: async (regionIds) => {
      await db.$executeRaw`
        UPDATE region_health SET last_failure_at = now(),
          dark_since = CASE WHEN dark_since IS NULL OR last_failure_at < now() - interval '10 seconds'
            THEN now() ELSE dark_since END
        WHERE region_id = ANY(${[...regionIds]})`;
    },
    noteKeyUses: async (regionId, keyIds) => {
      await db.$executeRaw`
        UPDATE region_health SET key_uses = key_uses || (
          SELECT jsonb_object_agg(id, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
          FROM unnest(${[...keyIds]}::text[]) AS id)
        WHERE region_id = ${regionId}`;
    },
    writeLoads: async (loads) => {
      const ids = loads.map(({ regionId }) => regionId);
      await ensureRows(db, ids);
      await db.$executeRaw`
        WITH locked AS (SELECT region_id AS id FROM region_health WHERE region_id = ANY(${ids}) ORDER BY region_id FOR UPDATE)
        UPDATE region_health SET load = given.load, participants = given.participants, rooms = given.rooms, load_at = now()
        FROM locked, jsonb_to_recordset(${JSON.stringify(loads)}::jsonb)
          AS given ("regionId" text, load float8, participants int, rooms int)
        WHERE region_id = given."regionId" AND region_id = locked.id`;
    },
  };
}

/**
 * Only of regions that exist: a late word must not bring back the row of one that was removed, nor one that is being
 * removed at this moment, for whose end the lock waits.
 */
async function ensureRows(db: Db, regionIds: readonly string[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO region_health (region_id) SELECT id FROM region WHERE id = ANY(${[...regionIds]}) ORDER BY id FOR KEY SHARE
    ON CONFLICT (region_id) DO NOTHING`;
}

function fromRow(row: Row): StoredHealth {
  return {
    regionId: row.region_id,
    status: row.status,
    reason: row.reason,
    since: row.since,
    ageMs: row.age_ms,
    proven: row.proven,
    load: row.load,
    loadAgeMs: row.load_age_ms,
    keyUses: row.key_uses,
  };
}
