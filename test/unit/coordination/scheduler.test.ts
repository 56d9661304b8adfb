import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LeaderElection, Leadership } from '../../../src/coordination/leader.ts';
import { createScheduler } from '../../../src/coordination/scheduler.ts';
import type { Schedule } from '../../../src/platform/module.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(schedules: readonly Schedule[], leadership?: Leadership): { scheduler: ReturnType<typeof createScheduler>; lines: string[]; released: string[]; asked: string[] } {
  const [lines, released, asked]: string[][] = [[], [], []];
  const leader: LeaderElection = {
    hold: async (task) => {
      asked?.push(task);
      return leadership;
    },
    release: async (task) => void released?.push(task),
    leads: () => [],
    stop: async () => {},
  };
  const logger = createLogger({ level: 'warn', instance: 'i', role: 'api', sink: { write: (line) => void lines?.push(line) } });
  return { scheduler: createScheduler({ schedules, leader, logger, random: () => 0.5 }), lines: lines ?? [], released: released ?? [], asked: asked ?? [] };
}

describe('a schedule', () => {
  test('never runs twice at once: the next run is planned when the last has ended', async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    const run = async (): Promise<void> => {
      running += 1;
      runs += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 350));
      running -= 1;
    };
    const { scheduler } = setUp([{ name: 'slow', everyMs: 100, runs: 'each', run }]);
    scheduler.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(most).toBe(1);
    // 350 ms of work and 100 ms of rest.
    expect(runs).toBeGreaterThan(20);
    expect(runs).toBeLessThan(25);
  });

  test('that fails is logged and comes again', async () => {
    let runs = 0;
    const { scheduler, lines } = setUp([{ name: 'weak', everyMs: 100, runs: 'each', run: () => Promise.reject(new Error(`no ${(runs += 1)}`)) }]);
    scheduler.start();
    await vi.advanceTimersByTimeAsync(340);
    expect(runs).toBe(3);
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', task: 'weak', err: { message: 'no 1' } });
  });

  test('of a leader runs only while this process leads, and is told when it leads no more', async () => {
    let runs = 0;
    const follower = setUp([{ name: 'led', everyMs: 100, runs: 'leader', run: async () => void (runs += 1) }]);
    follower.scheduler.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(runs).toBe(0);

    const controller = new AbortController();
    const seen: AbortSignal[] = [];
    const leading = setUp([{ name: 'led', everyMs: 100, runs: 'leader', run: async (signal) => void seen.push(signal) }], { term: 1n, signal: controller.signal });
    leading.scheduler.start();
    await vi.advanceTimersByTimeAsync(100);
    expect(seen[0]?.aborted).toBe(false);
    controller.abort();
    expect(seen[0]?.aborted).toBe(true);
  });

  test('of a leader is asked for from the beginning, however rarely it runs', () => {
    const { scheduler, asked } = setUp([{ name: 'daily', everyMs: 86_400_000, runs: 'leader', run: async () => {} }]);
    scheduler.start();
    expect(asked).toEqual(['daily']);
  });
});

test('S1-06 stopping tells running work, waits for it, starts nothing more, and hands leaderships over', async () => {
  const seen: string[] = [];
  const run = async (signal: AbortSignal): Promise<void> => {
    seen.push('begun');
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => setTimeout(resolve, 500)));
    seen.push('ended');
  };
  const { scheduler, released } = setUp([{ name: 'long', everyMs: 100, runs: 'each', run }, { name: 'led', everyMs: 100, runs: 'leader', run: async () => {} }]);
  scheduler.start();
  await vi.advanceTimersByTimeAsync(60);
  const stopped = scheduler.stop().then(() => seen.push('stopped'));
  await vi.advanceTimersByTimeAsync(5_000);
  await stopped;
  expect(seen).toEqual(['begun', 'ended', 'stopped']);
  expect(released).toEqual(['led']);
});
