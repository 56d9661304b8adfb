import { makeId } from '../../../src/kernel/ids.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { type HotQueries, createHotQueries } from '../../../src/platform/database/hot-queries.ts';
import { type Connections, connectDatabase } from '../../../src/platform/database/prisma-client.ts';
import { type UnitOfWork, createUnitOfWork } from '../../../src/platform/database/unit-of-work.ts';
import type { Session } from '../../../src/sessions/session.ts';
import { type SessionRow, fromRow } from '../../../src/sessions/session-row.ts';
import { eventually } from '../../support/eventually.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';

/** A database with sessions in it, and nothing that runs. */
export interface StoredSessions {
  readonly database: TestDatabase;
  readonly unitOfWork: UnitOfWork;
  readonly hot: HotQueries;
  /** An open session of a new room; live unless `changes` (of columns) say otherwise. */
  openSession(changes?: Readonly<Record<string, unknown>>): Promise<Session>;
  /** The session as it is now. */
  reread(session: Session): Promise<Session>;
  /** Types and subjects of the events that tell of a session, in order. */
  eventsOf(session: Session): Promise<{ type: string; subject_id: string; data: Record<string, unknown> }[]>;
  close(): Promise<void>;
}

export async function startStoredSessions(): Promise<StoredSessions> {
  const database = await createTestDatabase();
  const connections: Connections = connectDatabase({ url: new Secret(database.url), poolSize: 6 });
  await eventually(() => connections.hotPool.query('SELECT 1'));
  const reread = async ({ id }: { readonly id: string }): Promise<Session> => {
    const [row] = await database.query<SessionRow>('SELECT * FROM session WHERE id = $1', [id]);
    if (!row) throw new Error(`no session ${id}`);
    return fromRow(row);
  };
  return {
    database,
    unitOfWork: createUnitOfWork(connections),
    hot: createHotQueries(connections),
    reread,
    openSession: async (changes = {}) => {
      const id = makeId('session');
      const columns: Record<string, unknown> = {
        id, room_id: makeId('room'), tenant_id: 'default', epoch: 1, region: 'eu-fra', decision_id: makeId('decision'),
        empty_timeout_seconds: 300, departure_timeout_seconds: 20, live_at: new Date(), livekit_sid: 'RM_1', ...changes,
      };
      const names = Object.keys(columns);
      await database.query(
        `INSERT INTO session (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
        Object.values(columns),
      );
      return reread({ id });
    },
    eventsOf: ({ id }) => database.query("SELECT type, subject_id, data FROM event WHERE data->>'sessionId' = $1 ORDER BY n", [id]),
    close: async () => {
      await connections.close();
      await database.drop();
    },
  };
}
