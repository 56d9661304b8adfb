import { isDatabaseAway } from '../platform/database/database-failure.ts';

/**
 * Keeps caches fresh without trusting anybody to tell: every 400 ms each registered poll asks Postgres what changed.
 * A word over Redis only makes the next poll come sooner; if it is lost or lies, nothing but time is lost.
 */
export interface Freshness {
  /** `poll` reads what changed since it last did and applies it; it throws when Postgres did not answer. */
  register(name: string, poll: () => Promise<void>): void;
  /** Monotonic ms of the start of the last round in which every poll was good; undefined before the first. */
  lastGoodMs(): number | undefined;
  /** Whether the newest round found Postgres away: until one is good, a read would only wait for its time-out. */
  isCutOff(): boolean;
  /** Runs a round now, or joins the one that begins next. Never throws. */
  hurry(): Promise<void>;
  /** Begins to poll; returns after the first round. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const POLL_EVERY_MS = 400;

export interface FreshnessOptions {
  readonly monotonicMs: () => number;
  /** Told when polls begin to fail and when they are good again. */
  readonly onChange: (state: 'good' | 'failing', error?: unknown) => void;
  /**
   * Asks Postgres by a way that is open also while others are kept from waiting for it. A poll that was itself refused
   * for that reason proves nothing: taken for a proof, it would keep the way shut for ever.
   */
  readonly isReachable?: () => Promise<boolean>;
  /** Told after each round whether Postgres was away. */
  readonly onRound?: (cutOff: boolean) => void;
}

export function createFreshness({ monotonicMs, onChange, onRound, isReachable = async () => false }: FreshnessOptions): Freshness {
  const polls = new Map<string, () => Promise<void>>();
  let lastGood: number | undefined;
  let state: 'good' | 'failing' = 'good';
  let cutOff = false;
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function round(): Promise<void> {
    const startedMs = monotonicMs();
    const [reachable, results] = await Promise.all([isReachable(), Promise.allSettled([...polls.values()].map((poll) => poll()))]);
    const failed = results.find((result) => result.status === 'rejected');
    if (!failed) lastGood = startedMs;
    cutOff = failed !== undefined && !reachable && isDatabaseAway(failed.reason);
    onRound?.(cutOff);
    const next = failed ? 'failing' : 'good';
    if (next !== state) onChange(next, failed?.reason);
    state = next;
  }

  function begin(): Promise<void> {
    running = round().finally(() => {
      running = undefined;
    });
    return running;
  }

  // A round that already runs may have read before the change; only one that begins later is sure to see it.
  function hurry(): Promise<void> {
    if (stopped) return Promise.resolve();
    if (!running) return begin();
    queued ??= running.then(() => {
      queued = undefined;
      return begin();
    });
    return queued;
  }

  function arm(): void {
    if (!stopped) timer = setTimeout(() => void (running ?? begin()).finally(arm), POLL_EVERY_MS);
  }

  return {
    register: (name, poll) => void polls.set(name, poll),
    lastGoodMs: () => lastGood,
    isCutOff: () => cutOff,
    hurry,
    start: () => hurry().finally(arm),
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
