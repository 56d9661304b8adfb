import type { Clock } from '../kernel/clock.ts';
import type { LivekitHandler } from '../platform/livekit/livekit-handler.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { ClaimedEvent, InboundClaimStore, Settlement } from './inbound-claim-store.ts';
import { failureText, MAX_ATTEMPTS, readStoredBody, retryDelayMs } from './inbound-event.ts';
import type { HandlingResult, InboundMetrics } from './inbound-metrics.ts';

export interface InboundLedger {
  /** Begins to work unless it does already. Returns at once. */
  wake(): void;
  /** Works until nothing is due; `signal` ends it between two rows. */
  drain(signal: AbortSignal): Promise<void>;
  /** Takes no more rows and waits for those in hand. */
  stop(): Promise<void>;
}

export interface InboundLedgerDependencies {
  readonly claims: InboundClaimStore;
  readonly handlers: readonly LivekitHandler[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: InboundMetrics;
  /** 0 … 1, for the spread of retries. */
  readonly random: () => number;
}

const BATCH = 50;
const LEASE_MS = 30_000;
/** One handler's time for one event. */
const HANDLER_TIMEOUT_MS = 8_000;
/** Rooms that are worked on at the same time. */
const CONCURRENCY = 8;

/**
 * Hands stored events to the modules' handlers: at least once, by whichever replica claims them first. Events of one
 * room that are claimed together go in their order of arrival; nothing else about order is promised.
 */
export function createInboundLedger(dependencies: InboundLedgerDependencies): InboundLedger {
  const { claims, clock, logger, metrics } = dependencies;
  const controller = new AbortController();
  let running: Promise<void> | undefined;
  let again = false;

  async function workOnce(): Promise<number> {
    const leaseEndsMs = clock.monotonicMs() + LEASE_MS;
    const claimed = await claims.claim(BATCH, LEASE_MS);
    const settlements: Settlement[] = [];
    const rooms = groupByRoom(claimed);
    const workers = Array.from({ length: CONCURRENCY }, async () => {
      for (let room = rooms.shift(); room !== undefined; room = rooms.shift()) {
        for (const event of room) {
          // What no longer fits into the lease is left: it will be due again, for whoever is quicker.
          const fits = clock.monotonicMs() + HANDLER_TIMEOUT_MS < leaseEndsMs;
          if (fits && !controller.signal.aborted) settlements.push(await settleEvent(event));
        }
      }
    });
    await Promise.all(workers);
    if (settlements.length > 0) await claims.settle(settlements);
    return claimed.length;
  }

  async function settleEvent(claimed: ClaimedEvent): Promise<Settlement> {
    const settlement = await handle(claimed, dependencies);
    const lagSeconds = (clock.nowMs() - claimed.receivedAt.getTime()) / 1000;
    metrics.handled(claimed.region, resultOf(settlement), lagSeconds);
    if (settlement.error !== null) {
      const { id, region, type, attempt } = claimed;
      logger.warn({ inboundEvent: id, region, type, attempt, reason: settlement.error }, 'an inbound event could not be handled');
    }
    return settlement;
  }

  /** Until a claim comes back empty-handed and nobody woke us meanwhile. */
  async function workAll(): Promise<void> {
    do {
      again = false;
      while (!controller.signal.aborted && (await workOnce()) === BATCH);
    } while (again && !controller.signal.aborted);
  }

  function begin(): Promise<void> {
    again = true;
    running ??= workAll().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    wake: () => {
      // Postgres may be away: the poll comes again, and says so in its own log line.
      if (!controller.signal.aborted) void begin().catch(() => {});
    },
    drain: async (signal) => {
      if (!signal.aborted && !controller.signal.aborted) await begin();
    },
    stop: async () => {
      controller.abort();
      await running?.catch(() => {});
    },
  };
}

async function handle(claimed: ClaimedEvent, { handlers, random }: InboundLedgerDependencies): Promise<Settlement> {
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

function groupByRoom(claimed: readonly ClaimedEvent[]): ClaimedEvent[][] {
  const rooms = new Map<string, ClaimedEvent[]>();
  for (const event of claimed) {
    const key = `${event.region}/${roomNameOf(event.body) ?? event.id}`;
    rooms.set(key, [...(rooms.get(key) ?? []), event]);
  }
  return [...rooms.values()];
}

function roomNameOf(body: unknown): string | undefined {
  const room = (body as { readonly room?: { readonly name?: unknown } } | null)?.room;
  return typeof room?.name === 'string' ? room.name : undefined;
}

function resultOf({ state }: Settlement): HandlingResult {
  return state === 'pending' ? 'retry' : state;
}
