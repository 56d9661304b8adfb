import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBulkhead } from '../../../../src/platform/livekit/region-bulkhead.ts';

interface Gate {
  readonly promise: Promise<string>;
  readonly open: (value: string) => void;
}

function makeGate(): Gate {
  let open: (value: string) => void = () => {};
  const promise = new Promise<string>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

describe('the bulkhead of a region', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());
  const options = { method: 'CreateRoom', queueTimeoutMs: 100 };

  it('runs as many as it may, and the next in order of arrival when one ends', async () => {
    const bulkhead = createBulkhead({ maxInFlight: 2, maxQueued: 10 });
    const gates = [makeGate(), makeGate(), makeGate(), makeGate()];
    const started: number[] = [];
    const runs = gates.map((gate, index) =>
      bulkhead.run(options, () => {
        started.push(index);
        return gate.promise;
      }),
    );
    await vi.advanceTimersByTimeAsync(1);
    expect(started).toEqual([0, 1]);
    gates[1]?.open('b');
    await runs[1];
    await vi.advanceTimersByTimeAsync(1);
    expect(started).toEqual([0, 1, 2]);
    for (const gate of gates) gate.open('x');
    await Promise.all(runs);
    expect(bulkhead.inFlight()).toBe(0);
  });

  it('tells its own waiting time from the region\'s failure', async () => {
    const bulkhead = createBulkhead({ maxInFlight: 1, maxQueued: 1 });
    const gate = makeGate();
    const running = bulkhead.run(options, () => gate.promise);
    const waiting = bulkhead.run(options, async () => 'never').catch((error: unknown) => error);
    const refused = await bulkhead.run(options, async () => 'never').catch((error: unknown) => error);
    expect(refused).toMatchObject({ kind: 'queued', code: 'queue_full' });
    await vi.advanceTimersByTimeAsync(101);
    expect(await waiting).toMatchObject({ kind: 'queued', code: 'queue_timeout' });
    gate.open('done');
    expect(await running).toBe('done');
    expect(await bulkhead.run(options, async () => 'free again')).toBe('free again');
  });

  it('lets a waiting caller go when it aborts, and keeps its place for nobody', async () => {
    const bulkhead = createBulkhead({ maxInFlight: 1, maxQueued: 5 });
    const gate = makeGate();
    const running = bulkhead.run(options, () => gate.promise);
    const controller = new AbortController();
    const waiting = bulkhead.run({ ...options, signal: controller.signal }, async () => 'never').catch((error: unknown) => error);
    controller.abort(new Error('the caller went'));
    expect(await waiting).toMatchObject({ message: 'the caller went' });
    gate.open('done');
    await running;
    expect(bulkhead.inFlight()).toBe(0);
  });

  it('frees the place of a call that failed', async () => {
    const bulkhead = createBulkhead({ maxInFlight: 1, maxQueued: 5 });
    await expect(bulkhead.run(options, async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await bulkhead.run(options, async () => 'yes')).toBe('yes');
  });
});
