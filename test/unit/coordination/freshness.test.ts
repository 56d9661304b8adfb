import { expect, test } from 'vitest';
import { createFreshness } from '../../../src/coordination/freshness.ts';

test('a round that a change may have missed is followed by one that cannot', async () => {
  const freshness = createFreshness({ monotonicMs: () => 1, onChange: () => {} });
  let truth = 'old';
  const seen: string[] = [];
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  freshness.register('truth', async () => {
    const read = truth;
    await gate;
    seen.push(read);
  });
  const first = freshness.hurry();
  truth = 'new';
  const second = freshness.hurry();
  open();
  await Promise.all([first, second]);
  expect(seen).toEqual(['old', 'new']);
});

test('one failing poll spoils the round, and only an absent Postgres counts as cut off', async () => {
  const states: string[] = [];
  let nowMs = 100;
  const freshness = createFreshness({ monotonicMs: () => nowMs, onChange: (state) => void states.push(state) });
  let failure: Error | undefined;
  freshness.register('good', async () => {});
  freshness.register('bad', async () => {
    if (failure) throw failure;
  });
  await freshness.hurry();
  expect(freshness.lastGoodMs()).toBe(100);
  nowMs = 200;
  failure = new Error('a bug');
  await freshness.hurry();
  expect([freshness.lastGoodMs(), freshness.isCutOff()]).toEqual([100, false]);
  failure = Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
  await freshness.hurry();
  expect(freshness.isCutOff()).toBe(true);
  failure = undefined;
  await freshness.hurry();
  expect([freshness.lastGoodMs(), freshness.isCutOff()]).toEqual([200, false]);
  expect(states).toEqual(['failing', 'good']);
});

test('a poll that was kept from asking is no proof that Postgres is away, or nobody would ever ask again', async () => {
  const gate: boolean[] = [];
  let isShut = true;
  const freshness = createFreshness({
    monotonicMs: () => 1,
    onChange: () => {},
    isReachable: async () => true,
    onRound: (cutOff) => {
      isShut = cutOff;
      gate.push(cutOff);
    },
  });
  freshness.register('behind the gate', async () => {
    if (isShut) throw Object.assign(new Error('refused by our own gate'), { code: 'ECONNREFUSED' });
  });
  await freshness.hurry();
  await freshness.hurry();
  expect(gate).toEqual([false, false]);
  expect(freshness.lastGoodMs()).toBe(1);
});
