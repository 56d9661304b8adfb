import { findParts } from '../../infra/local/parts/finding.mjs';
import type { Parts } from '../../infra/local/parts/finding.mjs';
import { createPortRegister } from '../../infra/local/ports.mjs';
import type { PortRegister } from '../../infra/local/ports.mjs';
import type { Processes } from '../../infra/local/processes.mjs';
import { createRunProcesses } from '../../infra/local/run-folder.mjs';
import type { StateFolder } from '../../infra/local/state-folder.mjs';

/** What this process starts for the run of the tests: one for each process, whoever asks. */
export interface TestRun {
  readonly state: StateFolder;
  readonly processes: Processes;
  readonly ports: PortRegister;
  readonly parts: Parts;
  /** Something to do when the run ends, besides ending its processes. */
  onClose(action: () => void): void;
  close(): Promise<void>;
}

const runs = new Map<string, TestRun>();

/** The run in that folder, as this process takes part in it. Its processes end with it, or with this process. */
export function openTestRun(folder: string): TestRun {
  const known = runs.get(folder);
  if (known) return known;
  const { state, processes } = createRunProcesses(folder);
  const closing: (() => void)[] = [];
  const run: TestRun = {
    state,
    processes,
    ports: createPortRegister({ read: () => undefined, write: () => {} }),
    parts: findParts(process.env, { simulate: false }),
    onClose: (action) => void closing.push(action),
    close: async () => {
      for (const action of closing) action();
      await processes.endAll();
      runs.delete(folder);
    },
  };
  runs.set(folder, run);
  return run;
}
