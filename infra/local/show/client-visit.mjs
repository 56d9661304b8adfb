import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MARK = 'meridian-client ';
const ENTER_TIMEOUT_MS = 15_000;
const LEAVE_TIMEOUT_MS = 3_000;

/**
 * Lets a real client enter with a join grant, does something while it is inside, and lets it leave.
 * @template T
 * @param {{serverUrl: string, token: string}} grant
 * @param {(entered: {room: string, identity: string}) => Promise<T>} whileInside
 * @returns {Promise<T>}
 * @throws {Error} when it did not get in, with LiveKit's own reason, or not in time
 */
export async function visit(grant, whileInside) {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('./real-client.mjs', import.meta.url)), JSON.stringify(grant)],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  const gone = new Promise((resolve) => child.once('exit', resolve));
  try {
    const entered = await waitForEntry(child);
    return await whileInside(entered);
  } finally {
    child.stdin?.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), LEAVE_TIMEOUT_MS);
    await gone;
    clearTimeout(timer);
  }
}

/**
 * @param {import('node:child_process').ChildProcessByStdio<any, any, any>} child
 * @returns {Promise<{room: string, identity: string}>}
 */
function waitForEntry(child) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not inside within ${ENTER_TIMEOUT_MS / 1_000} s`)),
      ENTER_TIMEOUT_MS,
    );
    child.once('exit', (code) => reject(new Error(`the client ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith(MARK)) return;
      clearTimeout(timer);
      const message = JSON.parse(line.slice(MARK.length));
      if (message.entered) resolve(message);
      else reject(new Error(message.reason));
    });
  });
}
