import type { Schedule } from '../platform/module.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { LeaderElection } from './leader.ts';

export interface Scheduler {
  start(): void;
  /** Waits for running work; leaderships are handed over at once. */
  stop(): Promise<void>;
}

/** Spread of a schedule's interval, so that replicas started together do not stay in step. */
const JITTER = 0.1;

/**
 * Runs the schedules of a process, each one at a time: the next run is planned when the last has ended. A failed run is
 * logged and the next one comes as planned. Work that is for a leader is told by its signal when it leads no more.
 */
export function createScheduler(options: {
  readonly schedules: readonly Schedule[];
  readonly leader: LeaderElection;
  readonly logger: Logger;
  readonly random: () => number;
}): Scheduler {
  const { schedules, leader, logger, random } = options;
  const controller = new AbortController();
  const timers = new Set<NodeJS.Timeout>();
  const running = new Set<Promise<void>>();

  async function runOnce(schedule: Schedule): Promise<void> {
    if (schedule.runs === 'each') {
      await schedule.run(controller.signal);
      return;
    }
    const leadership = await leader.hold(schedule.name);
    if (leadership) await schedule.run(AbortSignal.any([controller.signal, leadership.signal]));
  }

  function arm(schedule: Schedule, delayMs: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      const run = runOnce(schedule)
        .catch((error: unknown) => logger.warn({ task: schedule.name, err: error }, 'scheduled work failed; it comes again'))
        .finally(() => {
          running.delete(run);
          if (!controller.signal.aborted) arm(schedule, schedule.everyMs * (1 - JITTER + 2 * JITTER * random()));
        });
      running.add(run);
    }, delayMs);
    timers.add(timer);
  }

  const led = schedules.filter(({ runs }) => runs === 'leader').map(({ name }) => name);
  return {
    start: () => {
      for (const schedule of schedules) arm(schedule, schedule.everyMs * random());
      // Asked for from the beginning: what runs once an hour must not be without a leader for as long.
      for (const task of led) leader.hold(task).catch(() => {});
    },
    stop: async () => {
      controller.abort();
      for (const timer of timers) clearTimeout(timer);
      await Promise.allSettled(running);
      await Promise.allSettled(led.map((task) => leader.release(task)));
    },
  };
}
