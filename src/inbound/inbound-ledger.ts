import type { Clock } from '../kernel/clock.ts';
import { isDatabaseAway } from '../platform/database/database-failure.ts';
import type { LivekitHandler } from '../platform/livekit/livekit-handler.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { createGroupCommit, type GroupCommit } from './group-commit.ts';
import type { ClaimedEvent, InboundClaimStore, Settlement } from './inbound-claim-store.ts';
import { handleEvent, HANDLER_TIMEOUT_MS } from './inbound-handling.ts';
import { createInboundHands } from './inbound-hands.ts';
import type { HandlingResult, InboundMetrics } from './inbound-metrics.ts';

export interface InboundLedger {
  /** Begins to claim unless it does already. Returns at once. */
  wake: () => void;
  /** Claims until nothing is due or the hands are full; does not wait for the handlers. */
  claimDue: () => Promise<void>;
  /** Takes no more rows and waits for those in hand. */
  stop: () => Promise<void>;
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

const LEASE_MS = 30_000;
const CLAIM_BATCH = 25;
/** Rows in hand at a time; one region's may take half, so that a region that hangs leaves hands for the others. */
const MAX_IN_HAND = 100;
const MAX_OF_REGION = 50;
const SETTLE_LIMITS = { maxBatch: 100, maxConcurrent: 2, maxWaiting: 2 * MAX_IN_HAND };

/**
 * Hands stored events to the modules' handlers: at least once, by whichever replica claims them first. Events of one
 * room that one process has in hand go in their order of arrival; nothing else about order is promised. Rooms do not
 * wait for one another.
 */
export function createInboundLedger(dependencies: InboundLedgerDependencies): InboundLedger {
  const { claims, clock } = dependencies;
  const settlements = gatherSettlements(claims);
  const hands = createInboundHands({ max: MAX_IN_HAND, maxOfRegion: MAX_OF_REGION, onFreed: () => leftBehind && wake() });
  /** Somebody asked for one more claim. */
  let again = false;
  /** The last claim left rows because the hands were full. */
  let leftBehind = false;
  let claiming: Promise<void> | undefined;
  let stopped = false;

  async function claimSome(): Promise<void> {
    again = false;
    const free = Math.min(CLAIM_BATCH, hands.free());
    leftBehind = free <= 0;
    if (stopped || leftBehind) return;
    const leaseEndsMs = clock.monotonicMs() + LEASE_MS;
    const full = hands.fullRegions();
    const claimed = await claims.claim(free, LEASE_MS, full);
    for (const event of claimed) {
      // What no longer fits into the lease is left: it will be due again, for whoever is quicker.
      const isInTime = (): boolean => !stopped && clock.monotonicMs() + HANDLER_TIMEOUT_MS <= leaseEndsMs;
      hands.take(event, async () => {
        if (isInTime()) await work(event, settlements, dependencies);
      });
    }
    leftBehind = full.length > 0;
    again ||= claimed.length === free;
  }

  async function claimAll(): Promise<void> {
    try {
      do await claimSome();
      while (again);
    } finally {
      // In one step with the last look at `again`, so that nobody's wish falls between.
      claiming = undefined;
    }
  }

  function claimDue(): Promise<void> {
    // Who comes while a claim is under way may have been too late for it.
    again = true;
    claiming ??= Promise.resolve().then(claimAll);
    return claiming;
  }

  function wake(): void {
    // Postgres may be away: the poll comes again, and its failure is logged.
    if (!stopped) claimDue().catch(() => {});
  }

  return {
    wake,
    claimDue: async () => {
      if (!stopped) await claimDue();
    },
    stop: async () => {
      stopped = true;
      await claiming?.catch(() => {});
      await hands.idle();
    },
  };
}

/** Handles one row and writes the result. Never throws. */
async function work(
  claimed: ClaimedEvent,
  settlements: GroupCommit<Settlement, void>,
  dependencies: InboundLedgerDependencies,
): Promise<void> {
  const { clock, logger, metrics } = dependencies;
  const { id, region, type, attempt } = claimed;
  const settlement = await handleEvent(claimed, dependencies);
  const lagSeconds = (clock.nowMs() - claimed.receivedAt.getTime()) / 1000;
  metrics.handled(region, resultOf(settlement), lagSeconds);
  if (settlement.error !== null) {
    logger.warn({ inboundEvent: id, region, type, attempt, reason: settlement.error }, 'an inbound event could not be handled');
  }
  // If this is lost, the lease ends and the event is handled once more, which handlers allow for.
  await settlements.write(settlement).catch((error: unknown) => {
    logger.warn({ inboundEvent: id, err: error }, 'the result of an inbound event could not be written');
  });
}

function gatherSettlements(claims: InboundClaimStore): GroupCommit<Settlement, void> {
  return createGroupCommit({
    commit: async (batch: readonly Settlement[]) => {
      await claims.settle(batch);
      return batch.map(() => undefined);
    },
    isStoreAway: isDatabaseAway,
    ...SETTLE_LIMITS,
    overload: () => new Error('too many results wait to be written'),
  });
}

function resultOf({ state }: Settlement): HandlingResult {
  return state === 'pending' ? 'retry' : state;
}
