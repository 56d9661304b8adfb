import { Secret } from '../../kernel/secret.ts';
import type { Schedule } from '../module.ts';
import { type DataKeysDependencies, createDataKeys } from './data-keys.ts';
import { openBytes, sealBytes, sealingKeyOf } from './sealed-text.ts';

export type { MasterKey } from './data-keys.ts';

export interface SecretBox {
  /**
   * Seals a text under this deployment's data key. `aad` says where it belongs (table, row and field); only the same
   * `aad` opens it.
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
 * wraps. Opened data keys stay in memory, and a rotation of the master key costs one row.
 */
export function createSecretBox(dependencies: DataKeysDependencies): SecretBox {
  const keys = createDataKeys(dependencies);
  return {
    seal: async (plain, aad) => {
      const { id, key } = await keys.current();
      return sealBytes(Buffer.from(plain), { keyId: id, key, aad });
    },
    open: async (sealed, aad) => {
      const { key } = await keys.get(sealingKeyOf(sealed));
      return new Secret(openBytes(sealed, { key, aad }).toString());
    },
    rewrap: keys.rewrap,
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
