import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/kernel/secret.ts';
import { type Connections, connectDatabase } from '../../../src/platform/database/prisma-client.ts';
import { createDataKeyStore } from '../../../src/platform/secrets/data-key-store.ts';
import { type MasterKey, type SecretBox, createSecretBox } from '../../../src/platform/secrets/secret-box.ts';
import { SealError } from '../../../src/platform/secrets/sealed-text.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';

let database: TestDatabase;
let connections: Connections;
beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectDatabase({ url: new Secret(database.url), poolSize: 4 });
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

const master = (id: string): MasterKey => ({ id, key: new Secret(randomBytes(32).toString('base64')) });
const [old, fresh] = [master('2025'), master('2026')];
const boxWith = (...masterKeys: MasterKey[]): SecretBox => createSecretBox({ store: createDataKeyStore(connections.prisma), masterKeys });
const wrappings = async () => (await database.query<{ master_key_id: string }>('SELECT master_key_id FROM data_key')).map((row) => row.master_key_id);

describe('the secret box', () => {
  it('S0-02 opens on any replica what one has sealed, and keeps nothing in the clear', async () => {
    const sealed = await boxWith(old).seal('a secret', 'webhook/1/secret');
    expect((await boxWith(old).open(sealed, 'webhook/1/secret')).reveal()).toBe('a secret');
    expect(sealed).not.toContain('a secret');
    expect(await wrappings()).toEqual(['2025']);
  });

  it('rotates the master key without touching what is sealed, and may do so again and again', async () => {
    const sealed = await boxWith(old).seal('kept', 'a');
    const both = boxWith(fresh, old);
    expect((await both.open(sealed, 'a')).reveal()).toBe('kept');
    const counts = await Promise.all([both.rewrap(), boxWith(fresh, old).rewrap(), boxWith(fresh, old).rewrap()]);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe((await wrappings()).length);
    expect(await both.rewrap()).toBe(0);
    expect(new Set(await wrappings())).toEqual(new Set(['2026']));
    expect((await boxWith(fresh).open(sealed, 'a')).reveal()).toBe('kept');
  });

  it('says which master key is missing, and shows nothing', async () => {
    const sealed = await boxWith(fresh).seal('kept', 'a');
    const failure: unknown = await boxWith(old).open(sealed, 'a').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SealError);
    expect(String(failure)).toContain('"2026", which MERIDIAN_MASTER_KEY does not name');
    await expect(boxWith(master('2026')).open(sealed, 'a')).rejects.toThrow(SealError);
  });

  it('recovers from a first seal that failed', async () => {
    const store = createDataKeyStore(connections.prisma);
    let isAway = true;
    const findNewest = () => (isAway ? Promise.reject(new Error('away')) : store.findNewest());
    const box = createSecretBox({ store: { ...store, findNewest }, masterKeys: [fresh] });
    await expect(box.seal('x', 'a')).rejects.toThrow('away');
    isAway = false;
    expect((await box.open(await box.seal('x', 'a'), 'a')).reveal()).toBe('x');
  });
});
