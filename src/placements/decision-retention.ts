import type { Schedule } from '../platform/module.ts';
import type { DecisionStore } from './decision-store.ts';

/** Rows of one statement: well under the time a query may take. */
const BATCH = 1_000;
/** 100,000 decisions in one run; what is left goes in the next. */
const BATCHES_PER_RUN = 100;
const EVERY_MS = 3_600_000;

/** Deletes decisions at the end of their retention. */
export function createDecisionRetention(options: {
  readonly store: Pick<DecisionStore, 'expire'>;
  readonly retentionSeconds: number;
  readonly nowMs: () => number;
}): Schedule {
  const { store, retentionSeconds, nowMs } = options;
  return {
    name: 'decision-retention',
    everyMs: EVERY_MS,
    runs: 'leader',
    run: async (signal) => {
      const before = new Date(nowMs() - retentionSeconds * 1000);
      for (let batches = 0; batches < BATCHES_PER_RUN && !signal.aborted; batches += 1) {
        if ((await store.expire(before, BATCH)) < BATCH) return;
      }
    },
  };
}
