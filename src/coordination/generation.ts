import type { Db } from '../platform/database/prisma-client.ts';
import type { HotQueries } from '../platform/database/hot-queries.ts';
import type { Freshness } from './freshness.ts';

/** What has a counter of its own. Rooms and sessions are too many for one row: they are polled by their times. */
export type GenerationName = 'regions' | 'keys' | 'tenants';

export interface Generations {
  /** Raises a counter inside the transaction of the change, so that no replica can miss it. */
  bump(db: Db, name: GenerationName): Promise<void>;
  /** Calls `listener` (which must throw if it could not refresh) whenever the counter moved since it last succeeded. */
  onChange(name: GenerationName, listener: () => Promise<void> | void): void;
}

type Counters = Readonly<Record<GenerationName, string>>;

const READ = {
  name: 'generation_read',
  text: 'SELECT regions::text, keys::text, tenants::text FROM generation WHERE one = 1',
};

export function createGenerations(options: { readonly hot: HotQueries; readonly freshness: Freshness }): Generations {
  const listeners: { name: GenerationName; listener: () => Promise<void> | void; seen: string | undefined }[] = [];

  options.freshness.register('generation', async () => {
    const [counters] = await options.hot.rows<Counters>(READ, []);
    for (const entry of listeners) {
      const now = counters?.[entry.name];
      if (now === entry.seen) continue;
      await entry.listener();
      entry.seen = now;
    }
  });

  return {
    onChange: (name, listener) => void listeners.push({ name, listener, seen: undefined }),
    bump: async (db, name) => {
      if (name === 'regions') await db.$executeRaw`UPDATE generation SET regions = regions + 1`;
      else if (name === 'keys') await db.$executeRaw`UPDATE generation SET keys = keys + 1`;
      else await db.$executeRaw`UPDATE generation SET tenants = tenants + 1`;
    },
  };
}
