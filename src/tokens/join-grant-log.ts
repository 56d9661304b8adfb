import type { HotQueries } from '../platform/database/hot-queries.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { JoinGrantRecord } from './join-grant.ts';
import { appendGrants } from './join-grant-store.ts';

export interface JoinGrantLog {
  append(grant: JoinGrantRecord): void;
  /** Writes what is waiting; at shutdown the last of it. Never throws. */
  flush(): Promise<void>;
}

const FLUSH_EVERY_MS = 1_000;
const MAX_BATCH = 500;
/** A replica that is cut off keeps this many in memory (some 10 MB), then forgets the oldest: they are no acknowledged write. */
const MAX_WAITING = 50_000;

/** The one record that is not written with the answer: a join that changed nothing must not wait for a disk. */
export function createJoinGrantLog({ hot, logger }: { readonly hot: HotQueries; readonly logger: Logger }): JoinGrantLog {
  let waiting: JoinGrantRecord[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH);
      try {
        await appendGrants(hot, batch);
      } catch (error) {
        waiting.unshift(...batch);
        throw error;
      }
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running ??= writeAll()
      .catch((error: unknown) => {
        logger.warn({ err: error, waiting: waiting.length }, 'the grant log could not be written; it is kept and tried again');
        arm();
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  function arm(): void {
    timer ??= setTimeout(() => void flush(), FLUSH_EVERY_MS).unref();
  }

  return {
    append: (grant) => {
      if (waiting.length >= MAX_WAITING) waiting = waiting.slice(MAX_BATCH);
      waiting.push(grant);
      if (waiting.length >= MAX_BATCH && !running) void flush();
      else arm();
    },
    flush,
  };
}
