import { describe, expect, test } from 'vitest';
import { schedulesOf, shutdownMs } from '../../../src/app/process-role.ts';
import type { Schedule } from '../../../src/platform/module.ts';

const schedule = (name: string, roles?: ('api' | 'worker')[]): Schedule => ({ name, everyMs: 1, runs: 'each', run: async () => {}, ...(roles ? { roles } : {}) });

describe('S2-14 a role', () => {
  const all = [schedule('both'), schedule('worker', ['worker']), schedule('api', ['api'])];
  test.each([['api', ['both', 'api']], ['worker', ['both', 'worker']], ['all', ['both', 'worker', 'api']]] as const)('%s runs %j', (role, names) => {
    expect(schedulesOf(role, all).map(({ name }) => name)).toEqual(names);
  });

  test.each([['api', undefined, 45_000], ['all', undefined, 45_000], ['worker', undefined, 600_000], ['worker', 5, 5_000], ['api', 5, 5_000]] as const)('%s with %s s may take %i ms to end', (role, seconds, ms) => {
    expect(shutdownMs({ MERIDIAN_ROLE: role, MERIDIAN_SHUTDOWN_SECONDS: seconds })).toBe(ms);
  });
});
