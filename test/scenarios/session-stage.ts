import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { type TestDatabase, createTestDatabase } from '../support/test-database.ts';
import { type TestProduct, startTestProduct } from '../support/test-product.ts';
import { type PlaceId, type SimulatedRegion, type SimulatedRegions, startSimulatedRegions } from '../support/test-regions.ts';

export const GERMANY = '194.25.0.60';
export const UNITED_STATES = '128.8.10.90';

/** A session as Postgres has it, beside what the API tells. */
export interface StoredSession {
  readonly id: string;
  readonly epoch: number;
  readonly region: string;
  readonly live_at: Date | null;
  readonly close_reason: string | null;
  readonly inside: number;
  readonly doubtful_at: Date | null;
  readonly hidden_at: Date | null;
  readonly silent_at: Date | null;
  readonly cleanup_due_at: Date | null;
}

/** The product, or several replicas of it, over simulated regions that do what a test tells them. */
export interface SessionStage {
  readonly database: TestDatabase;
  readonly products: readonly [TestProduct, ...TestProduct[]];
  readonly product: TestProduct;
  region(id: PlaceId): SimulatedRegion;
  /** All sessions of a room, the newest epoch last. */
  sessionsOf(roomId: string): Promise<StoredSession[]>;
  /** The rooms that a region's LiveKit really has, whatever it lists. */
  roomsIn(id: PlaceId): Promise<{ name: string; listed: boolean; participants: { identity: string }[] }[]>;
  /** Names of the calls that a region's LiveKit did for a room, in order. */
  truthOf(id: PlaceId, type: string): Promise<Record<string, unknown>[]>;
  isAccepting(id: PlaceId): Promise<boolean>;
  eventTypesOf(roomId: string): Promise<string[]>;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly regions?: readonly PlaceId[];
  readonly replicas?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly redisUrl?: string | null;
}

export async function openStage({ regions: ids = ['eu-fra', 'us-iad'], replicas = 1, environment = {}, redisUrl = null }: StageOptions = {}): Promise<SessionStage> {
  const database = await createTestDatabase();
  const port = await freePort();
  const regions: SimulatedRegions = await startSimulatedRegions(ids, port);
  const first = await startTestProduct({ port, databaseUrl: database.url, redisUrl, environment, regions: regions.regions });
  const { opsKey, tenantKey } = first;
  const others = await Promise.all(
    Array.from({ length: replicas - 1 }, () => startTestProduct({ databaseUrl: database.url, redisUrl, environment, keys: { opsKey, tenantKey } })),
  );
  const isAccepting = async (product: TestProduct, id: PlaceId): Promise<boolean> =>
    (await product.api.call('GET', `/healthz/regions/${id}`, { key: null })).status === 200;
  // The other replicas have probes of their own.
  for (const other of others) for (const id of ids) await eventually(async () => { if (!(await isAccepting(other, id))) throw new Error(`${id} is not accepted yet`); });
  return {
    database,
    products: [first, ...others],
    product: first,
    region: regions.region,
    sessionsOf: (roomId) => database.query<StoredSession>('SELECT * FROM session WHERE room_id = $1 ORDER BY epoch', [roomId]),
    roomsIn: async (id) => ((await regions.region(id).control('GET', 'rooms')) as { items: never[] }).items,
    truthOf: async (id, type) => {
      const { items } = (await regions.region(id).control('GET', 'log')) as { items: Record<string, unknown>[] };
      return items.filter((item) => item['type'] === type);
    },
    isAccepting: (id) => isAccepting(first, id),
    eventTypesOf: async (roomId) => {
      const rows = await database.query<{ type: string }>("SELECT type FROM event WHERE data->>'roomId' = $1 AND type NOT LIKE 'room.%' ORDER BY n", [roomId]);
      return rows.map(({ type }) => type);
    },
    close: async () => {
      await Promise.all([first, ...others].map((product) => product.stop()));
      await regions.close();
      await database.drop();
    },
  };
}

/** Opens the room's session as an opener that dies right after the insert: nobody ever calls CreateRoom for it. */
export async function leaveOpening(stage: SessionStage, roomId: string, region: PlaceId): Promise<void> {
  await stage.database.query(
    `INSERT INTO session (id, room_id, tenant_id, epoch, region, decision_id, empty_timeout_seconds, departure_timeout_seconds, create_called_at)
     SELECT 'ses_dead' || id, id, tenant_id, (SELECT coalesce(max(epoch), 0) + 1 FROM session WHERE room_id = $1), $2, 'dec_none', 300, 20, now() FROM room WHERE id = $1`,
    [roomId, region],
  );
}
