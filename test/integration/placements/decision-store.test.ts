import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeId } from '../../../src/kernel/ids.ts';
import { type Connections, connectDatabase } from '../../../src/platform/database/prisma-client.ts';
import { createUnitOfWork, type UnitOfWork } from '../../../src/platform/database/unit-of-work.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import type { Decision } from '../../../src/placements/decision.ts';
import { createDecisionRetention } from '../../../src/placements/decision-retention.ts';
import { createDecisionStore } from '../../../src/placements/decision-store.ts';
import { decide } from '../../unit/placements/placement-builders.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let database: TestDatabase;
let connections: Connections;
let unitOfWork: UnitOfWork;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectDatabase({ url: new Secret(database.url), poolSize: 4 });
  unitOfWork = createUnitOfWork(connections);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

const aDecision = (at = new Date()): Decision => ({ ...decide(), at, id: makeId('decision'), revision: 7, winnerRevision: 3, durationMicros: 42 });
const SUBJECT = { tenantId: 'default', roomId: makeId('room') };

describe('B-01 stored decisions', () => {
  it('come back whole, in the shape of the API, to their tenant alone', async () => {
    const store = createDecisionStore(unitOfWork.db);
    const decision = aDecision(new Date('2026-03-01T12:00:00.123Z'));
    await store.insert(decision, SUBJECT);
    const { id, policyVersion, rule, reason, winner, fallback, inputs, candidates } = decision;
    expect(await store.find(id, 'default')).toEqual({
      id, policyVersion, revision: 7, at: '2026-03-01T12:00:00.123Z', rule, reason, winner, fallback, inputs, candidates, durationMicros: 42,
    });
    expect(await store.find(id, 'another')).toBeUndefined();
    expect(await store.find(makeId('decision'), 'default')).toBeUndefined();
  });

  it('are part of the transaction that opens the session: undone with it', async () => {
    const decision = aDecision();
    const undone = unitOfWork.run(async ({ db }) => {
      await createDecisionStore(db).insert(decision, SUBJECT);
      throw new Error('somebody else opened first');
    });
    await expect(undone).rejects.toThrow('somebody else');
    expect(await createDecisionStore(unitOfWork.db).find(decision.id, 'default')).toBeUndefined();
  });

  it('are deleted at the end of their retention, in batches, and not before', async () => {
    const now = Date.parse('2026-06-01T00:00:00Z');
    const retentionSeconds = 90 * 86_400;
    const boundary = now - retentionSeconds * 1000;
    const store = createDecisionStore(unitOfWork.db);
    const kept = aDecision(new Date(boundary + 1));
    await store.insert(kept, SUBJECT);
    await database.query(
      `INSERT INTO decision (id, tenant_id, room_id, at, winner, body)
       SELECT 'dec_old' || n, 'default', 'room_x', $1::timestamptz - n * interval '1 minute', NULL, '{}' FROM generate_series(1, 2500) n`,
      [new Date(boundary)],
    );
    const retention = createDecisionRetention({ store, retentionSeconds, nowMs: () => now });
    await retention.run(AbortSignal.timeout(10_000));
    expect(await database.query('SELECT id FROM decision WHERE at < $1', [new Date(boundary)])).toEqual([]);
    expect(await store.find(kept.id, 'default')).toBeDefined();
  });

  it('a run that is told to stop deletes nothing more', async () => {
    let asked = 0;
    const store = { expire: () => Promise.resolve((asked += 1) * 1000) };
    await createDecisionRetention({ store, retentionSeconds: 1, nowMs: Date.now }).run(AbortSignal.abort());
    expect(asked).toBe(0);
  });
});
