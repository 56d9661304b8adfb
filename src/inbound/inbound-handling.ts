import type { LivekitHandler } from '../platform/livekit/livekit-handler.ts';
import type { ClaimedEvent, Settlement } from './inbound-claim-store.ts';
import { failureText, MAX_ATTEMPTS, readStoredBody, retryDelayMs } from './inbound-event.ts';

/** One handler's time for one event. */
export const HANDLER_TIMEOUT_MS = 8_000;

/** Gives one event to the handlers that want it, one after the other. Never throws: a failure is a result. */
export async function handleEvent(
  claimed: ClaimedEvent,
  { handlers, random }: { readonly handlers: readonly LivekitHandler[]; readonly random: () => number },
): Promise<Settlement> {
  const { id, region, attempt, receivedAt } = claimed;
  const base = { id, attempt, error: null, retryAfterMs: 0 };
  const event = readStoredBody(claimed.body);
  if (event === undefined) return { ...base, state: 'unreadable' };
  // The process may have died on it each time: then no handler has ever reported.
  if (attempt > MAX_ATTEMPTS) return { ...base, state: 'failed', error: 'given up: no attempt came to an end' };
  try {
    for (const handler of handlers) {
      if (handler.events.includes(event.type)) await withinTime(handler.handle({ region, receivedAt, event }));
    }
    return { ...base, state: 'done' };
  } catch (error) {
    const retryAfterMs = retryDelayMs(attempt, random());
    const state = retryAfterMs === undefined ? 'failed' : 'pending';
    return { ...base, state, error: failureText(error), retryAfterMs: retryAfterMs ?? 0 };
  }
}

async function withinTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`a handler took longer than ${HANDLER_TIMEOUT_MS} ms`)), HANDLER_TIMEOUT_MS);
  });
  // A handler that is late may still fail; it has been given up by then.
  work.catch(() => {});
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
