import type { Clock } from '../kernel/clock.ts';
import { type HealthState, type Probe, nextProbeInMs, observe } from './region-health.ts';
import type { RegionHealth } from './region.ts';

/** Probes one region for as long as it is reached in one way, and keeps what they say. */
export interface RegionWatch {
  state(): HealthState;
  /** What decisions go by: the probes' verdict, unless a call has made trouble since. */
  health(): Omit<RegionHealth, 'load'>;
  noteTrouble(): void;
  markProven(): void;
  /** The first probe is made at once. */
  start(): void;
  /** Nothing is observed any more when it returns; waits for a probe under way. */
  stop(): Promise<void>;
}

export interface RegionWatchDependencies {
  readonly initial: HealthState;
  readonly isProven: boolean;
  readonly probe: (signal: AbortSignal) => Promise<Probe>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onProbe: (probe: Probe, now: HealthState, before: HealthState) => void;
}

/** Trouble is over with a good probe that began this much later: long enough for a hiccup to have passed. */
const TROUBLE_FOR_MS = 500;

interface Trouble {
  readonly atMs: number;
  readonly since: Date;
}

export function createRegionWatch(dependencies: RegionWatchDependencies): RegionWatch {
  const { probe, clock, random, onProbe } = dependencies;
  const controller = new AbortController();
  let state = dependencies.initial;
  let proven = dependencies.isProven;
  let trouble: Trouble | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  function arm(delayMs: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = probeOnce().finally(() => {
        running = undefined;
        if (!controller.signal.aborted) arm(dueInMs());
      });
    }, delayMs);
  }

  function dueInMs(): number {
    const regular = nextProbeInMs(state, random());
    return trouble === undefined ? regular : Math.max(0, Math.min(regular, trouble.atMs + TROUBLE_FOR_MS - clock.monotonicMs()));
  }

  async function probeOnce(): Promise<void> {
    const startedMs = clock.monotonicMs();
    const result = await probe(controller.signal);
    if (controller.signal.aborted) return;
    const before = state;
    state = observe(before, result);
    if (result.outcome === 'good') {
      proven = true;
      if (trouble !== undefined && startedMs >= trouble.atMs + TROUBLE_FOR_MS) trouble = undefined;
    }
    onProbe(result, state, before);
  }

  return {
    state: () => state,
    health: () => (trouble === undefined ? toHealth(state, proven) : troubled(toHealth(state, proven), trouble)),
    noteTrouble: () => {
      const now = { atMs: clock.monotonicMs(), since: trouble?.since ?? new Date(clock.nowMs()) };
      trouble = now;
      if (running === undefined && timer !== undefined) arm(TROUBLE_FOR_MS);
    },
    markProven: () => {
      proven = true;
    },
    start: () => arm(0),
    stop: async () => {
      controller.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

function toHealth({ status, reason, since }: HealthState, proven: boolean): Omit<RegionHealth, 'load'> {
  return { status, reason, since, proven };
}

function troubled(health: Omit<RegionHealth, 'load'>, { since }: Trouble): Omit<RegionHealth, 'load'> {
  const isOut = health.status === 'unhealthy' || health.status === 'misconfigured';
  return isOut ? health : { ...health, status: 'unhealthy', reason: 'a call to it failed a moment ago', since };
}
