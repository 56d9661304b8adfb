import pg from 'pg';

/** Postgres is known to be away, or every connection was in use for too long. */
export class PoolGateError extends Error {
  override readonly name = 'PoolGateError';
  /** Sorted like a refused connection: nothing was sent. */
  readonly code = 'ECONNREFUSED';
}

interface Waiter {
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
}

type ConnectCallback = (error: Error | undefined, client: pg.PoolClient | undefined, release: (release?: unknown) => void) => void;

/** A burst is worked off in order; who would wait longer than this is told so. */
const MAX_WAIT_MS = 2_000;

/**
 * A pool whose callers wait in one queue of ours, so that waiting for a busy pool and waiting for a Postgres that does
 * not answer are told apart: the driver's own time-out then only covers the making of a connection, and the queue can
 * be emptied at once when Postgres is found to be away.
 */
export class GatedPool extends pg.Pool {
  readonly #waiting: Waiter[] = [];
  readonly #connecting = new Set<(error: Error) => void>();
  readonly #limit: number;
  readonly #refusesWhenAway: boolean;
  #inUse = 0;
  #away = false;

  constructor(config: pg.PoolConfig & { readonly max: number; readonly refusesWhenAway: boolean }) {
    const { refusesWhenAway, ...settings } = config;
    super(settings);
    this.#limit = config.max;
    this.#refusesWhenAway = refusesWhenAway;
    this.on('release', () => this.#leave());
  }

  /** Says whether Postgres is away: those who wait are refused at once, and so are newcomers where the pool does that. */
  setAway(away: boolean): void {
    this.#away = away;
    if (!away) return;
    const refused = [...this.#waiting.splice(0).map(({ refuse }) => refuse), ...this.#connecting];
    for (const refuse of refused) refuse(new PoolGateError('Postgres does not answer'));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    const connecting = this.#connectGated();
    if (!callback) return connecting;
    void answer(connecting, callback);
  }

  async #connectGated(): Promise<pg.PoolClient> {
    await this.#enter();
    const connecting = super.connect();
    try {
      return await this.#unlessAway(connecting);
    } catch (error) {
      // A connection that is made after all goes back into the pool, and its place with it.
      void connecting.then((client) => client.release(), () => this.#leave());
      throw error;
    }
  }

  /** A new connection may take its time on a busy machine; it is given up when Postgres is found to be away. */
  #unlessAway(connecting: Promise<pg.PoolClient>): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      this.#connecting.add(reject);
      void connecting.then(resolve, reject).finally(() => this.#connecting.delete(reject));
    });
  }

  #enter(): Promise<void> {
    if (this.#away && this.#refusesWhenAway) return Promise.reject(new PoolGateError('Postgres does not answer'));
    if (this.#inUse < this.#limit) {
      this.#inUse += 1;
      return Promise.resolve();
    }
    return this.#wait();
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new PoolGateError(`no connection was free for ${MAX_WAIT_MS} ms`));
      }, MAX_WAIT_MS);
      const waiter: Waiter = {
        admit: () => {
          clearTimeout(timer);
          resolve();
        },
        refuse: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiting.push(waiter);
    });
  }

  /** A freed place goes to the first in the queue, or is counted as free. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next.admit();
    else this.#inUse -= 1;
  }
}

/** The driver's older way to ask, which its own `query` uses. */
async function answer(connecting: Promise<pg.PoolClient>, callback: ConnectCallback): Promise<void> {
  try {
    const client = await connecting;
    callback(undefined, client, (release) => client.release(release as Error | boolean | undefined));
  } catch (error) {
    callback(error as Error, undefined, () => {});
  }
}
