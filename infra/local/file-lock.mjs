import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkoutFolder } from './checkout.mjs';
import { claimFile } from './claimed-file.mjs';
import { identifyProcess, isAlive } from './process-identity.mjs';
import { waitFor } from './waiting.mjs';

/** As long as the longest installation of packages may take. */
const PATIENCE_MS = 10 * 60_000;

/**
 * Lets one process at a time work on this checkout (install, build). A holder that was killed blocks nobody.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withCheckoutLock(name, work) {
  const key = createHash('sha256').update(checkoutFolder).digest('hex').slice(0, 12);
  const path = join(tmpdir(), `meridian-${key}-${process.getuid?.() ?? 0}-${name}.lock`);
  await waitFor(() => tryLock(path), {
    what: `the ${name} of another process in this checkout`,
    timeoutMs: PATIENCE_MS,
    everyMs: 100,
  });
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** @param {string} path */
function tryLock(path) {
  return claimFile(path, JSON.stringify(identifyProcess(process.pid)), (text) => isAlive(JSON.parse(text)));
}
