import { randomBytes } from 'node:crypto';
import type { Secret } from '../../kernel/secret.ts';
import type { DataKeyStore, WrappedDataKey } from './data-key-store.ts';
import { KEY_BYTES, SealError, openBytes, sealBytes } from './sealed-text.ts';

/** A key from the environment that wraps data keys and nothing else: base64 of 32 bytes. */
export interface MasterKey {
  readonly id: string;
  readonly key: Secret;
}

export interface DataKey {
  readonly id: string;
  readonly key: Buffer;
}

/** Data keys in the clear, as one process holds them. */
export interface DataKeys {
  /** The key to seal with; the first one of a deployment is made here. @throws SealError. */
  current(): Promise<DataKey>;
  /** @throws SealError when it is not in this database, or its master key is not configured. */
  get(id: string): Promise<DataKey>;
  /** Wraps every key anew that the newest master key does not wrap. @returns how many this call did. */
  rewrap(): Promise<number>;
}

export interface DataKeysDependencies {
  readonly store: DataKeyStore;
  /** Newest first; the others only open. */
  readonly masterKeys: readonly MasterKey[];
}

export function createDataKeys({ store, masterKeys }: DataKeysDependencies): DataKeys {
  const opened = new Map<string, DataKey>();
  let current: Promise<DataKey> | undefined;

  function unwrap(row: WrappedDataKey): DataKey {
    const master = masterKeys.find(({ id }) => id === row.masterKeyId);
    if (master === undefined) {
      throw new SealError(`Data key ${row.id} is wrapped by master key "${row.masterKeyId}", which MERIDIAN_MASTER_KEY does not name.`);
    }
    const key = openBytes(row.wrapped, { key: bytesOf(master), aad: placeOf(row.id) });
    return remember({ id: row.id, key });
  }

  function remember(key: DataKey): DataKey {
    opened.set(key.id, key);
    return key;
  }

  async function findOrMake(): Promise<DataKey> {
    const newest = await store.findNewest();
    if (newest !== undefined) return unwrap(newest);
    // Two processes may each make the first one: both are kept, and either opens what the other sealed.
    const made = { id: randomBytes(8).toString('hex'), key: randomBytes(KEY_BYTES) };
    await store.insert(wrap(made, newestOf(masterKeys)));
    return remember(made);
  }

  return {
    current: async () => {
      current ??= findOrMake();
      try {
        return await current;
      } catch (error) {
        current = undefined;
        throw error;
      }
    },
    get: async (id) => {
      const known = opened.get(id);
      if (known !== undefined) return known;
      const row = await store.find(id);
      if (row === undefined) throw new SealError(`There is no data key ${id}: is this the right database?`);
      return unwrap(row);
    },
    rewrap: async () => {
      const newest = newestOf(masterKeys);
      let count = 0;
      for (const row of await store.listNotUnder(newest.id)) {
        if (await store.replaceWrapping(wrap(unwrap(row), newest), row)) count += 1;
      }
      return count;
    },
  };
}

function newestOf([newest]: readonly MasterKey[]): MasterKey {
  if (newest === undefined) throw new RangeError('there is no master key');
  return newest;
}

function wrap({ id, key }: DataKey, master: MasterKey): WrappedDataKey {
  const wrapped = sealBytes(key, { keyId: master.id, key: bytesOf(master), aad: placeOf(id) });
  return { id, masterKeyId: master.id, wrapped };
}

function bytesOf(master: MasterKey): Buffer {
  return Buffer.from(master.key.reveal(), 'base64');
}

function placeOf(dataKeyId: string): string {
  return `data_key/${dataKeyId}/wrapped`;
}
