import type { LiveKitServer } from './test-livekit.ts';

/** What the global set-up tells every test file; `null` stands for a part that this machine lacks. */
declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of this run, in which test files start processes of their own. */
    runFolder: string;
    /** Where databases can be made, and the migrated one that they are cloned from. */
    postgres: { adminUrl: string; templateDatabase: string };
    redisUrl: string | null;
    /** Two regions, in the suites that meet people. */
    livekitServers: readonly LiveKitServer[] | null;
    /** Where a test file says at which address it wants the webhooks of those two. */
    webhookRelayUrl: string | null;
  }
}
