import { setTimeout as delay } from 'node:timers/promises';

export interface Patience {
  /** When to give up; the last failure is then thrown as it is. */
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Repeats `attempt` until it throws no more and returns its value: the way to await what happens elsewhere.
 * @throws what the last attempt threw.
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  { timeoutMs = 5_000, everyMs = 25 }: Patience = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
    }
    await delay(everyMs);
  }
}
