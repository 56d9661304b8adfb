import { LivekitFailure } from './livekit-failure.ts';

export interface BulkheadOptions {
  readonly maxInFlight: number;
  /** Callers that may wait; the next one is refused at once. */
  readonly maxQueued: number;
}

export interface BulkheadRun {
  readonly method: string;
  /** How long to wait for a free place, ms. */
  readonly queueTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Bulkhead {
  run<T>(options: BulkheadRun, task: () => Promise<T>): Promise<T>;
  inFlight(): number;
}

interface Waiter {
  readonly start: () => void;
}

/**
 * Bounds the calls in flight to one region, so that a region that hangs cannot take the whole process with it.
 * Who finds no place in time gets a `queued` failure, which is our fault and not the region's.
 * Order is first come, first served.
 */
export function createBulkhead({ maxInFlight, maxQueued }: BulkheadOptions): Bulkhead {
  const waiting = new Set<Waiter>();
  let running = 0;

  function release(): void {
    const next = waiting.values().next().value;
    if (next === undefined) {
      running -= 1;
      return;
    }
    // The place is handed over, not freed: a newcomer cannot overtake.
    waiting.delete(next);
    next.start();
  }

  function wait({ method, queueTimeoutMs, signal }: BulkheadRun): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        waiting.delete(waiter);
        reject(reason);
      };
      const onAbort = (): void => leave(signal?.reason);
      const timer = setTimeout(() => leave(queueFailure(method, 'queue_timeout')), queueTimeoutMs);
      const waiter: Waiter = {
        start: () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.add(waiter);
    });
  }

  async function enter(options: BulkheadRun): Promise<void> {
    options.signal?.throwIfAborted();
    if (running < maxInFlight) {
      running += 1;
      return;
    }
    if (waiting.size >= maxQueued) throw queueFailure(options.method, 'queue_full');
    await wait(options);
  }

  return {
    async run(options, task) {
      await enter(options);
      try {
        return await task();
      } finally {
        release();
      }
    },
    inFlight: () => running,
  };
}

function queueFailure(method: string, code: 'queue_timeout' | 'queue_full'): LivekitFailure {
  const message = 'too many calls to this region are in flight from this process';
  return new LivekitFailure({ kind: 'queued', method, code, message });
}
