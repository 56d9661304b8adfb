import type { Db } from '../platform/database/prisma-client.ts';
import { type Session, parseLivekitRoomName } from './session.ts';

/** What one round writes about many sessions: one statement each, however many rooms a region has. */
export interface ReconcilerStore {
  /** Postgres' clock. */
  now(): Promise<Date>;
  /** The list is a sign of each room in it, and ends any doubt whether it is listed. */
  noteListed(sessions: readonly Session[]): Promise<void>;
  /** Rooms that LiveKit lists and we have closed, or even found absent, are deleted; strangers, and what is being deleted, are left alone. */
  sweepStrays(region: string, livekitRoomNames: Iterable<string>): Promise<void>;
}

export function createReconcilerStore(db: Db): ReconcilerStore {
  return {
    now: async () => {
      const [clock] = await db.$queryRaw<{ at: Date }[]>`SELECT now() AS at`;
      if (!clock) throw new Error('Postgres did not tell its time');
      return clock.at;
    },
    noteListed: async (sessions) => {
      if (sessions.length === 0) return;
      await db.$executeRaw`
        UPDATE session SET last_sign_at = now(), doubtful_at = NULL, hidden_at = NULL
        WHERE id = ANY(${sessions.map(({ id }) => id)}) AND closed_at IS NULL`;
    },
    sweepStrays: async (region, livekitRoomNames) => {
      const ours = [...livekitRoomNames].flatMap((name) => parseLivekitRoomName(name) ?? []);
      if (ours.length === 0) return;
      await db.$executeRaw`
        UPDATE session SET cleanup_due_at = now(), cleanup_absent_at = NULL, cleanup_attempt = cleanup_attempt + 1
        FROM jsonb_to_recordset(${JSON.stringify(ours)}::jsonb) AS row ("roomId" text, epoch int)
        WHERE session.room_id = row."roomId" AND session.epoch = row.epoch AND session.region = ${region}
          AND closed_at IS NOT NULL AND (cleanup_due_at IS NULL OR cleanup_absent_at IS NOT NULL)`;
    },
  };
}
