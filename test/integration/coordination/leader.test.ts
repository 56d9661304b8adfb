import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';
import { type ProductProcess, runCli, spawnProduct } from '../app/product-process.ts';

/** Led by one process of the cluster whatever its role. */
const TASK = 'event-retention';

let database: TestDatabase;
let opsKey: string;

beforeAll(async () => {
  database = await createTestDatabase();
  opsKey = (JSON.parse(await runCli(database.url, 'bootstrap', '--json')) as { secret: string }).secret;
});
afterAll(() => database.drop());

const isLeading = async ({ api }: ProductProcess): Promise<boolean> => (await api.call('GET', '/internal/instance-info', { key: opsKey })).body.leads.includes(TASK);

/** Who leads by the row, which is what counts. */
const holder = async (): Promise<string | undefined> => (await database.query<{ holder: string }>(`SELECT holder FROM leader WHERE task = '${TASK}' AND expires_at > now()`))[0]?.holder;

/** Two processes of the product, the first of which leads; both ask for the task, however rarely it runs. */
async function startTwo(): Promise<{ leading: ProductProcess; waiting: ProductProcess; close(): Promise<void> }> {
  await database.query(`DELETE FROM leader`);
  const begin = (name: string): Promise<ProductProcess> => spawnProduct({ databaseUrl: database.url, redisUrl: inject('redisUrl'), environment: { MERIDIAN_INSTANCE_ID: name } });
  const leading = await begin('first');
  await leading.untilReady();
  await eventually(async () => expect(await isLeading(leading)).toBe(true), { timeoutMs: 10_000 });
  const waiting = await begin('second');
  await waiting.untilReady();
  return { leading, waiting, close: async () => void (await Promise.all([leading.kill(), waiting.kill()])) };
}

/** Milliseconds until the other leads. */
async function untilFollowed(waiting: ProductProcess, sinceMs: number): Promise<number> {
  await eventually(async () => expect(await isLeading(waiting)).toBe(true), { timeoutMs: 20_000, everyMs: 20 });
  return performance.now() - sinceMs;
}

describe('a task that one process of the cluster leads', () => {
  it('is handed over within a second when its leader ends in order', async () => {
    const { leading, waiting, close } = await startTwo();
    try {
      leading.signal('SIGTERM');
      await leading.untilEnd();
      expect(await untilFollowed(waiting, performance.now())).toBeLessThan(1_000);
    } finally {
      await close();
    }
  });

  it('is taken over within 15 s when its leader is killed, and not before its lease is over', async () => {
    const { leading, waiting, close } = await startTwo();
    try {
      const killed = performance.now();
      await leading.kill();
      expect(await isLeading(waiting)).toBe(false);
      expect(await untilFollowed(waiting, killed)).toBeLessThan(15_000);
    } finally {
      await close();
    }
  }, 60_000);

  it('is not led on by a leader that was paused beyond its lease and wakes', async () => {
    const { leading, waiting, close } = await startTwo();
    try {
      leading.signal('SIGSTOP');
      await untilFollowed(waiting, performance.now());
      leading.signal('SIGCONT');
      expect(await isLeading(leading)).toBe(false);
      expect(await isLeading(waiting)).toBe(true);
      expect(await holder()).toMatch(/^second\//);
    } finally {
      await close();
    }
  }, 60_000);
});
