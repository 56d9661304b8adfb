import { describe, expect, it, vi } from 'vitest';
import { createGroupCommit, type GroupCommitOptions } from '../../../src/inbound/group-commit.ts';

function makeCommits(options: Partial<GroupCommitOptions<number, string>> & Pick<GroupCommitOptions<number, string>, 'commit'>) {
  return createGroupCommit<number, string>({
    isStoreAway: (error) => error instanceof Error && error.message === 'away',
    maxBatch: 10,
    maxConcurrent: 1,
    maxWaiting: 100,
    overload: () => new Error('overload'),
    ...options,
  });
}

const asTexts = async (items: readonly number[]): Promise<string[]> => items.map(String);

describe('a group commit', () => {
  it('writes what comes together in one statement, and answers each with its own result', async () => {
    const commit = vi.fn(asTexts);
    const commits = makeCommits({ commit });
    expect(await Promise.all([1, 2, 3].map(commits.write))).toEqual(['1', '2', '3']);
    expect(commit).toHaveBeenCalledTimes(1);
  });

  it('gathers what comes during a statement for the next, at most so many', async () => {
    const sizes: number[] = [];
    const commits = makeCommits({ commit: asTexts, onBatch: (size) => void sizes.push(size) });
    await Promise.all(Array.from({ length: 25 }, (_, index) => commits.write(index)));
    expect(sizes).toEqual([10, 10, 5]);
  });

  it('answers nobody before the commit', async () => {
    let commitNow: (results: string[]) => void = () => {};
    const commits = makeCommits({
      commit: () =>
        new Promise((resolve) => {
          commitNow = resolve;
        }),
    });
    let answered = false;
    const writing = commits.write(1).then(() => {
      answered = true;
    });
    await new Promise((resolve) => {
      setImmediate(() => setImmediate(resolve));
    });
    expect(answered).toBe(false);
    commitNow(['1']);
    await writing;
    expect(answered).toBe(true);
  });

  it('writes each alone when one of them is not taken', async () => {
    const commits = makeCommits({
      commit: async (items) => {
        if (items.includes(2)) throw new Error('2 is wrong');
        return items.map(String);
      },
    });
    const results = await Promise.allSettled([1, 2, 3].map(commits.write));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('refuses all who wait at once when the store is away, and begins anew with the next', async () => {
    let away = true;
    const commit = vi.fn(async (items: readonly number[]) => {
      if (away) throw new Error('away');
      return items.map(String);
    });
    const commits = makeCommits({ commit });
    const results = await Promise.allSettled(Array.from({ length: 35 }, (_, index) => commits.write(index)));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(commit).toHaveBeenCalledTimes(1);
    away = false;
    expect(await commits.write(7)).toBe('7');
  });

  it('refuses when too many wait', async () => {
    const commits = makeCommits({ commit: asTexts, maxWaiting: 2 });
    const results = await Promise.allSettled([1, 2, 3].map(commits.write));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  });
});
