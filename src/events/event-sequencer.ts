import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import type { EventSequenceStore } from './event-sequence-store.ts';

/** Gives committed events their places in their logs. Every process may run it at once: one of them does the work. */
export interface EventSequencer {
  /** Works off what is waiting, or joins the run under way. Never throws: what fails is done by the next run. */
  run(): Promise<void>;
  /** Runs soon; words that come together make one run. */
  wake(): void;
  /** No run begins after this; the promise ends with the one under way. */
  stop(): Promise<void>;
}

/** Events of one transaction: some ten milliseconds of work, so that a lost one costs little. */
const BATCH = 500;
/** After a failure, in case it was the time that a batch may take: fewer rows get through even on a very slow machine. */
const BATCH_AFTER_FAILURE = 25;
/** Batches of one run: after this many the next word or poll goes on. */
const BATCHES_PER_RUN = 200;
/**
 * Each commit wakes every process. Waiting a random moment lets one of them find everything, and the others nothing.
 */
const WAKE_SPREAD_MS = 20;

export interface EventSequencerDependencies {
  readonly store: EventSequenceStore;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly random: () => number;
}

export function createEventSequencer({ store, metrics, logger, random }: EventSequencerDependencies): EventSequencer {
  const sequenced = metrics.counter('events_sequenced_total', 'Events that this process gave their places.');
  const delaySeconds = metrics.histogram('event_sequence_delay_seconds', 'From the beginning of a transaction to the place of its event, oldest of each batch.', [0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 30]);
  let running: Promise<void> | undefined;
  let waking = false;
  let stopped = false;
  let failing = false;

  async function sequenceWaiting(): Promise<void> {
    for (let batches = 0; batches < BATCHES_PER_RUN && !stopped; batches += 1) {
      if (!(await store.hasWaiting())) return;
      const batch = await store.sequence(failing ? BATCH_AFTER_FAILURE : BATCH);
      if (batch === undefined || batch.count === 0) return;
      sequenced.inc(batch.count);
      if (batch.delaySeconds !== null) delaySeconds.observe(batch.delaySeconds);
    }
  }

  async function attempt(): Promise<void> {
    try {
      await sequenceWaiting();
      if (failing) logger.info('events get their places again');
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ err: error }, 'events wait for their places; trying on');
      failing = true;
    }
  }

  function run(): Promise<void> {
    if (stopped) return running ?? Promise.resolve();
    running ??= attempt().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function runSoon(): Promise<void> {
    await delay(WAKE_SPREAD_MS * random(), undefined, { ref: false });
    // A run under way may have looked before this word's commit.
    await running;
    waking = false;
    await run();
  }

  return {
    run,
    wake: () => {
      if (waking || stopped) return;
      waking = true;
      void runSoon();
    },
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}
