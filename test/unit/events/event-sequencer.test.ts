import { describe, expect, test } from 'vitest';
import type { EventSequenceStore, SequencedBatch } from '../../../src/events/event-sequence-store.ts';
import { type EventSequencer, createEventSequencer } from '../../../src/events/event-sequencer.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { type Metrics, createMetrics } from '../../../src/platform/telemetry/metrics.ts';

/** A log of `waiting` events, whose next answers a test can script. */
interface Bench {
  readonly sequencer: EventSequencer;
  readonly metrics: Metrics;
  readonly lines: string[];
  readonly limits: number[];
  waiting: number;
  failures: number;
  isHeldElsewhere: boolean;
}

function bench(waiting: number): Bench {
  const lines: string[] = [];
  const metrics = createMetrics({ withProcess: false });
  const state = { waiting, failures: 0, isHeldElsewhere: false, limits: [] as number[] };
  const store: EventSequenceStore = {
    hasWaiting: async () => state.waiting > 0,
    sequence: async (limit): Promise<SequencedBatch | undefined> => {
      state.limits.push(limit);
      if (state.failures > 0) {
        state.failures -= 1;
        throw new Error('too slow');
      }
      if (state.isHeldElsewhere) return undefined;
      const count = Math.min(limit, state.waiting);
      state.waiting -= count;
      return { count, delaySeconds: 0.02 };
    },
    expire: async () => 0,
  };
  const logger = createLogger({ level: 'info', instance: 'test', role: 'all', sink: { write: (line) => void lines.push(line) } });
  return Object.assign(state, { sequencer: createEventSequencer({ store, metrics, logger, random: () => 0 }), metrics, lines });
}

describe('a run', () => {
  test('works off everything in batches and counts it', async () => {
    const log = bench(1_100);
    await log.sequencer.run();
    expect(log.waiting).toBe(0);
    expect(log.limits).toEqual([500, 500, 500]);
    expect(await log.metrics.render()).toContain('meridian_events_sequenced_total 1100');
  });

  test('asks for no lock while nothing waits, and leaves the work to whoever holds it', async () => {
    const idle = bench(0);
    await idle.sequencer.run();
    expect(idle.limits).toEqual([]);
    const busy = bench(10);
    busy.isHeldElsewhere = true;
    await busy.sequencer.run();
    expect([busy.limits.length, busy.waiting]).toEqual([1, 10]);
  });

  test('that fails is logged once, tried again in small batches, and reported well again', async () => {
    const log = bench(60);
    log.failures = 3;
    for (let runs = 0; runs < 5; runs += 1) await log.sequencer.run();
    expect(log.waiting).toBe(0);
    expect(log.limits).toEqual([500, 25, 25, 25, 25, 25]);
    expect(log.lines.map((line) => JSON.parse(line).msg)).toEqual(['events wait for their places; trying on', 'events get their places again']);
  });
});

describe('words', () => {
  test('that come together make one run, and one that comes during a run makes another', async () => {
    const log = bench(1);
    for (let words = 0; words < 50; words += 1) log.sequencer.wake();
    await expect.poll(() => log.waiting).toBe(0);
    expect(log.limits).toEqual([500]);
    log.waiting = 1;
    const running = log.sequencer.run();
    log.sequencer.wake();
    await running;
    log.waiting = 1;
    await expect.poll(() => log.waiting).toBe(0);
  });

  test('after the stop begin nothing', async () => {
    const log = bench(5);
    await log.sequencer.stop();
    log.sequencer.wake();
    await log.sequencer.run();
    expect([log.waiting, log.limits]).toEqual([5, []]);
  });
});
