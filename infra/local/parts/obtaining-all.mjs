import { withCheckoutLock } from '../file-lock.mjs';
import { formatDuration, green, printLine, red, withProgress } from '../output.mjs';
import { listMissingParts } from './obtaining.mjs';

/**
 * Obtains every real part that this machine lacks and can get, one after the other, and says how long each took.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<boolean>} whether every real part is here now
 */
export async function obtainMissingParts(environment) {
  if (listMissingParts(environment).length === 0) return true;
  return withCheckoutLock('parts', async () => {
    for (const { name, how, obtain } of listMissingParts(environment)) {
      if (obtain === undefined) {
        printLine(name, `cannot be had here: ${how}`);
        continue;
      }
      try {
        const { durationMs } = await withProgress(name, how, obtain);
        printLine(name, `${green('obtained')} in ${formatDuration(durationMs)}`, how);
      } catch (error) {
        printLine(name, red(`not obtained: ${error instanceof Error ? error.message : String(error)}`));
      }
    }
    return listMissingParts(environment).length === 0;
  });
}
