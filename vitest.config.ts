import { defineConfig } from 'vitest/config';
import type { TestProjectInlineConfiguration } from 'vitest/config';

/** A suite: the folders of its tests, the patience of one test, and whether it needs servers. */
function suite(
  name: string,
  folders: readonly string[],
  timeoutMs: number,
  extra: object = {},
): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      include: folders.map((folder) => `test/${folder}/**/*.test.ts`),
      testTimeout: timeoutMs,
      hookTimeout: Math.max(timeoutMs, 30_000),
      globalSetup: 'test/support/global-setup.ts',
      pool: 'forks',
      ...extra,
    },
  };
}

export default defineConfig({
  test: {
    // Two cores are what the stated times are for; tests of timing suffer from more company.
    maxWorkers: 2,
    projects: [
      suite('unit', ['unit'], 15_000, { globalSetup: [] }),
      suite('integration', ['integration', 'contracts', 'simulator'], 20_000),
      suite('api', ['api'], 20_000),
      suite('scenarios', ['scenarios'], 60_000),
      // One file at a time: they watch real servers come and go against the clock.
      suite('e2e', ['e2e'], 90_000, { fileParallelism: false }),
    ],
  },
});
