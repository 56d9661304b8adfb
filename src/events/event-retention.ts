import type { Metrics } from '../platform/telemetry/metrics.ts';
import type { EventSequenceStore } from './event-sequence-store.ts';

/** Deletes what is older than the retention, from the beginnings of the logs. */
export interface EventRetention {
  run(signal: AbortSignal): Promise<void>;
}

/** Rows of one statement: well under the time a query may take. */
const BATCH = 1_000;
/** Batches of one run, 100,000 events; what is left goes in the next minute. */
const BATCHES_PER_RUN = 100;

export function createEventRetention(options: {
  readonly store: EventSequenceStore;
  readonly retentionSeconds: number;
  readonly metrics: Metrics;
}): EventRetention {
  const { store, retentionSeconds, metrics } = options;
  const expired = metrics.counter('events_expired_total', 'Events deleted at the end of their retention.');
  return {
    run: async (signal) => {
      for (let batches = 0; batches < BATCHES_PER_RUN && !signal.aborted; batches += 1) {
        const count = await store.expire(retentionSeconds, BATCH);
        expired.inc(count);
        if (count === 0) return;
      }
    },
  };
}
