import { randomBytes } from 'node:crypto';
import { Secret } from '../../kernel/secret.ts';
import type { Schedule } from '../module.ts';
import type { DataKeyStore, WrappedDataKey } from './data-key-store.ts';
import { KEY_BYTES, SealError, openBytes, sealBytes, sealingKeyOf } from './sealed-text.ts';

/** A key from the environment that wraps data keys and nothing else: base64 of 32 bytes. */
export interface MasterKey {
  readonly id: string;
  readonly key: Secret;
}

export interface SecretBox {
  /**
   * Seals a text under this deployment's data key. `aad` names table, row and field; only the same `aad` opens it.
   * @throws SealError when no master key opens the data key.
   */
  seal(plain: string, aad: string): Promise<string>;
  /** The one way back. @throws SealError when it was changed, moved, or its master key is not configured any more. */
  open(sealed: string, aad: string): Promise<Secret>;
  /**
   * Wraps each data key under the newest master key; what is sealed stays as it is. May be cut off and run again, by
   * any number of processes. @returns how many this call wrapped anew.
   */
  rewrap(): Promise<number>;
}

/**
 * Envelope encryption: texts are sealed under a data key kept in Postgres, which a master key from the environment
 * wraps. Opened data keys stay in memory, so that a rotation of the master key costs one row.
 */
export function createSecretBox(options: { readonly store: DataKeyStore; readonly masterKeys: readonly MasterKey[] }): SecretBox {
  const { store, masterKeys } = options;
  const [newestMaster] = masterKeys;
  if (newestMaster === undefined) throw new RangeError('a secret box needs a master key');
  const opened = new Map<string, Buffer>();
  let current: Promise<string> | undefined;

  function unwrap(row: WrappedDataKey): Buffer {
    const master = masterKeys.find(({ id }) => id === row.masterKeyId);
    if (master === undefined) {
      throw new SealError(`Data key ${row.id} is wrapped by master key "${row.masterKeyId}", which MERIDIAN_MASTER_KEY does not name.`);
    }
    const key = openBytes(row.wrapped, { key: bytesOf(master), aad: wrappingPlace(row.id) });
    opened.set(row.id, key);
    return key;
  }

  function wrap(id: string, key: Buffer, master: MasterKey): WrappedDataKey {
    const wrapped = sealBytes(key, { keyId: master.id, key: bytesOf(master), aad: wrappingPlace(id) });
    return { id, masterKeyId: master.id, wrapped };
  }

  async function ensureCurrent(master: MasterKey): Promise<string> {
    const newest = await store.findNewest();
    if (newest !== undefined) {
      unwrap(newest);
      return newest.id;
    }
    // Two processes may each make the first one: both are kept, and either opens what the other sealed.
    const id = randomBytes(8).toString('hex');
    const key = randomBytes(KEY_BYTES);
    await store.insert(wrap(id, key, master));
    opened.set(id, key);
    return id;
  }

  async function keyOf(id: string): Promise<Buffer> {
    const known = opened.get(id);
    if (known !== undefined) return known;
    const row = await store.find(id);
    if (row === undefined) throw new SealError(`There is no data key ${id}: is this the right database?`);
    return unwrap(row);
  }

  return {
    seal: async (plain, aad) => {
      current ??= ensureCurrent(newestMaster);
      try {
        const keyId = await current;
        return sealBytes(Buffer.from(plain), { keyId, key: await keyOf(keyId), aad });
      } catch (error) {
        current = undefined;
        throw error;
      }
    },
    open: async (sealed, aad) => {
      const key = await keyOf(sealingKeyOf(sealed));
      return new Secret(openBytes(sealed, { key, aad }).toString());
    },
    rewrap: async () => {
      let count = 0;
      for (const row of await store.listNotUnder(newestMaster.id)) {
        if (await store.replaceWrapping(wrap(row.id, unwrap(row), newestMaster), row)) count += 1;
      }
      return count;
    },
  };
}

/** A key made by a replica that still has the old configuration is found by the next run. */
const REWRAP_EVERY_MS = 60_000;

/** Keeps all data keys under the newest master key. */
export function createRewrapSchedule(box: Pick<SecretBox, 'rewrap'>): Schedule {
  return {
    name: 'data-key-rewrap',
    everyMs: REWRAP_EVERY_MS,
    runs: 'leader',
    run: async () => {
      await box.rewrap();
    },
  };
}

function bytesOf(master: MasterKey): Buffer {
  return Buffer.from(master.key.reveal(), 'base64');
}

function wrappingPlace(dataKeyId: string): string {
  return `data_key/${dataKeyId}/wrapped`;
}
