import type { Db } from '../database/prisma-client.ts';

/** A data key as stored: wrapped by the master key that `masterKeyId` names. */
export interface WrappedDataKey {
  readonly id: string;
  readonly masterKeyId: string;
  readonly wrapped: string;
}

export interface DataKeyStore {
  find(id: string): Promise<WrappedDataKey | undefined>;
  findNewest(): Promise<WrappedDataKey | undefined>;
  /** Keys that any other master key than this one wraps. */
  listNotUnder(masterKeyId: string): Promise<WrappedDataKey[]>;
  insert(key: WrappedDataKey): Promise<void>;
  /** Exchanges the wrapping if it is still the one that was read; tells whether it was. */
  replaceWrapping(key: WrappedDataKey, was: WrappedDataKey): Promise<boolean>;
}

const COLUMNS = { id: true, masterKeyId: true, wrapped: true } as const;

export function createDataKeyStore(db: Db): DataKeyStore {
  return {
    find: async (id) => (await db.dataKey.findUnique({ where: { id }, select: COLUMNS })) ?? undefined,
    findNewest: async () =>
      (await db.dataKey.findFirst({ select: COLUMNS, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }] })) ?? undefined,
    listNotUnder: (masterKeyId) => db.dataKey.findMany({ where: { masterKeyId: { not: masterKeyId } }, select: COLUMNS }),
    insert: async ({ id, masterKeyId, wrapped }) => {
      await db.dataKey.create({ data: { id, masterKeyId, wrapped } });
    },
    replaceWrapping: async ({ id, masterKeyId, wrapped }, was) => {
      const { count } = await db.dataKey.updateMany({ where: { id, wrapped: was.wrapped }, data: { masterKeyId, wrapped } });
      return count === 1;
    },
  };
}
