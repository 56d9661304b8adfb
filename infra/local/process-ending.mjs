import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, signalProcess } from './process-identity.mjs';

/**
 * How a program is asked to end. Stages end one after the other, everything of one stage at the same time: LiveKit that
 * loses its Redis first may never exit, and nothing of ours may outlive its database.
 * @typedef {{stage: 'product' | 'media' | 'store', signal: NodeJS.Signals, repeatAfterMs?: number, patienceMs: number}}
 *   Ending
 * @typedef {import('./process-identity.mjs').ProcessIdentity & {name: string, ending: Ending}} RecordedProcess
 */

/** @type {readonly Ending['stage'][]} */
const STAGES = ['product', 'media', 'store'];
const LOOK_EVERY_MS = 15;

/**
 * Ends processes in order and returns when all are gone; one that does not obey in its time is killed.
 * @param {readonly RecordedProcess[]} processes
 * @param {{isForced?: () => boolean, onEnded?: (process: RecordedProcess, how: 'ended' | 'killed') => void}} [options]
 *   `isForced` turns true when somebody lost patience: what is left is then killed at once
 */
export async function endProcesses(processes, options = {}) {
  for (const stage of STAGES) {
    await Promise.all(
      processes.filter(({ ending }) => ending.stage === stage).map((process) => endProcess(process, options)),
    );
  }
}

/** @param {RecordedProcess} process @param {Parameters<typeof endProcesses>[1] & {}} options */
async function endProcess(process, { isForced = () => false, onEnded }) {
  if (!isAlive(process)) return;
  const { signal, repeatAfterMs = Infinity, patienceMs } = process.ending;
  const startedAt = performance.now();
  let repeatAt = startedAt + repeatAfterMs;
  signalProcess(process, signal);
  while (isAlive(process)) {
    const now = performance.now();
    if (isForced() || now > startedAt + patienceMs) {
      signalProcess(process, 'SIGKILL');
      await waitUntilGone(process);
      onEnded?.(process, 'killed');
      return;
    }
    if (now > repeatAt) {
      signalProcess(process, signal);
      repeatAt = Infinity;
    }
    await delay(LOOK_EVERY_MS);
  }
  onEnded?.(process, 'ended');
}

/**
 * A killed process is gone when the kernel has cleaned up; more than 2 s means that it hangs in a system call.
 * @param {RecordedProcess} process
 */
async function waitUntilGone(process) {
  const deadline = performance.now() + 2_000;
  while (isAlive(process) && performance.now() < deadline) await delay(LOOK_EVERY_MS);
}
