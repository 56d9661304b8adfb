import type { Logger } from './telemetry/logger.ts';

interface StopStep {
  readonly name: string;
  readonly deadlineMs: number;
  readonly stop: () => Promise<void> | void;
}

export interface Lifecycle {
  /** Registers what must be undone; steps run in reverse order, one after the other, each within its deadline. */
  onStop(name: string, deadlineMs: number, stop: () => Promise<void> | void): void;
  /** Runs all steps once; later calls wait for the same run. Never throws: a failed or late step is logged. */
  stop(): Promise<void>;
  readonly signal: AbortSignal;
}

/** The stop stack of one process. `signal` aborts at the beginning of the shutdown. */
export function createLifecycle(logger: Logger): Lifecycle {
  const steps: StopStep[] = [];
  const controller = new AbortController();
  let running: Promise<void> | undefined;

  async function runAll(): Promise<void> {
    controller.abort();
    for (const step of steps.reverse()) await runStep(step, logger);
  }

  return {
    onStop: (name, deadlineMs, stop) => void steps.push({ name, deadlineMs, stop }),
    stop: () => (running ??= runAll()),
    signal: controller.signal,
  };
}

async function runStep(step: StopStep, logger: Logger): Promise<void> {
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), step.deadlineMs);
  });
  try {
    const outcome = await Promise.race([Promise.resolve(step.stop()).then(() => 'done' as const), late]);
    const durationMs = Math.round(performance.now() - started);
    if (outcome === 'late') logger.warn({ step: step.name, deadlineMs: step.deadlineMs }, 'shutdown step gave up at its deadline');
    else logger.debug({ step: step.name, durationMs }, 'shutdown step done');
  } catch (error) {
    logger.warn({ step: step.name, err: error }, 'shutdown step failed');
  } finally {
    clearTimeout(timer);
  }
}
