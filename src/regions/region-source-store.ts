import type { Db } from '../platform/database/prisma-client.ts';

/** What a document that comes again and again (the mounted file, the command line) gave last. */
export interface RegionSource {
  readonly source: string;
  /** Sealed digest of what it said, secrets included. */
  readonly digest: string;
  readonly regionIds: readonly string[];
}

export interface RegionSourceStore {
  find(source: string): Promise<RegionSource | undefined>;
  put(source: RegionSource): Promise<void>;
}

export function createRegionSourceStore(db: Db): RegionSourceStore {
  return {
    find: async (source) => (await db.regionSource.findUnique({ where: { source } })) ?? undefined,
    put: async ({ source, digest, regionIds }) => {
      await db.$executeRaw`
        INSERT INTO region_source (source, digest, region_ids) VALUES (${source}, ${digest}, ${[...regionIds]})
        ON CONFLICT (source) DO UPDATE SET digest = excluded.digest, region_ids = excluded.region_ids, at = now()`;
    },
  };
}
