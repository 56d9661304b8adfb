import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createLifecycle } from '../../../src/platform/lifecycle.ts';

const logger = pino({ level: 'silent' });

test('S1-06 steps are undone in reverse, one by one, and a late or failing one holds up nobody', async () => {
  const order: string[] = [];
  const lifecycle = createLifecycle(logger);
  lifecycle.onStop('first', 1_000, () => void order.push('first'));
  lifecycle.onStop('fails', 1_000, () => {
    order.push('fails');
    throw new Error('no');
  });
  lifecycle.onStop('never ends', 20, () => new Promise(() => order.push('never ends')));
  lifecycle.onStop('last', 1_000, async () => {
    order.push('last begins');
    await new Promise((resolve) => setTimeout(resolve, 10));
    order.push('last ends');
  });
  expect(lifecycle.signal.aborted).toBe(false);
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  expect(lifecycle.signal.aborted).toBe(true);
  expect(order).toEqual(['last begins', 'last ends', 'never ends', 'fails', 'first']);
});
