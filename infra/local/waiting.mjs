import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from './failure.mjs';

/**
 * Asks again and again until the answer is neither `undefined` nor `false`. An attempt that throws counts as "not yet".
 * @template T
 * @param {() => Promise<T | undefined | false> | T | undefined | false} attempt
 * @param {{what: string, timeoutMs: number, everyMs?: number, giveUp?: () => string | undefined}} options
 *   `giveUp` says, before each attempt, why there is nothing left to wait for
 * @returns {Promise<T>}
 * @throws {Failure} when the time is over, naming what was awaited and the last thing that went wrong
 */
export async function waitFor(attempt, { what, timeoutMs, everyMs = 30, giveUp }) {
  const deadline = performance.now() + timeoutMs;
  let last = '';
  while (performance.now() < deadline) {
    const reason = giveUp?.();
    if (reason !== undefined) throw new Failure(`${what}: ${reason}`);
    try {
      const answer = await attempt();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error instanceof Error ? `: ${error.message}` : '';
    }
    await delay(everyMs);
  }
  throw new Failure(`${what}: not within ${timeoutMs / 1_000} s${last}`);
}
