import pg from 'pg';
import type { Secret } from '../../kernel/secret.ts';

/** A word from Postgres by NOTIFY: it hurries, and carries nothing. */
export interface DatabaseListener {
  /** Ends the connection. Harmless when it was never there. */
  stop(): Promise<void>;
}

/** Listens on a channel until stopped; `onWord` also runs after each reconnection, since words may have been missed. */
export type Listen = (channel: string, onWord: () => void) => DatabaseListener;

const CONNECT_TIMEOUT_MS = 2_000;
const RETRY_FROM_MS = 1_000;
const RETRY_UP_TO_MS = 30_000;

/**
 * Makes listeners on connections of their own. They come back by themselves, after 1 s to 30 s with full jitter;
 * meanwhile, and behind a pooler that keeps no session, whoever waits for words has to look by itself.
 */
export function createListen({ url }: { readonly url: Secret }): Listen {
  return (channel, onWord) => {
    let client: pg.Client | undefined;
    let timer: NodeJS.Timeout | undefined;
    let failures = 0;
    let stopped = false;

    async function connect(): Promise<void> {
      const next = new pg.Client({
        connectionString: url.reveal(),
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        query_timeout: CONNECT_TIMEOUT_MS,
        keepAlive: true,
        application_name: 'meridian-listener',
      });
      client = next;
      next.on('notification', onWord);
      next.on('error', () => {});
      next.once('end', () => comeBack(next));
      try {
        await next.connect();
        await next.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
        failures = 0;
        onWord();
      } catch {
        comeBack(next);
        await next.end().catch(() => {});
      }
    }

    function comeBack(lost: pg.Client): void {
      if (stopped || client !== lost) return;
      client = undefined;
      failures += 1;
      const longestMs = Math.min(RETRY_UP_TO_MS, RETRY_FROM_MS * 2 ** (failures - 1));
      timer = setTimeout(() => void connect(), RETRY_FROM_MS / 2 + Math.random() * longestMs);
    }

    void connect();
    return {
      stop: async () => {
        stopped = true;
        clearTimeout(timer);
        await client?.end().catch(() => {});
      },
    };
  };
}
