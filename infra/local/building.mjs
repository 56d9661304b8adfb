import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inCheckout } from './checkout.mjs';
import { runCommand } from './command.mjs';
import { withCheckoutLock } from './file-lock.mjs';
import { formatDuration, printLine, withProgress } from './output.mjs';

const STEP_TIMEOUT_MS = 5 * 60_000;

/** A product of the build: what it is made from, where it goes, and the program that makes it. */
const CLIENT = {
  inputs: ['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json'],
  output: 'src/generated/prisma',
  program: ['node_modules/prisma/build/index.js', 'generate'],
};
const PROGRAM = {
  inputs: ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
  output: 'dist',
  program: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
};

/** Makes the database client and the program where what they are made from has changed since the last time. */
export async function ensureBuilt() {
  const { result: made, durationMs } = await withProgress('build', 'building', () =>
    withCheckoutLock('build', async () => [
      ...((await ensureMade(CLIENT)) ? ['database client'] : []),
      ...((await ensureMade(PROGRAM)) ? ['program'] : []),
    ]),
  );
  printLine(
    'build',
    made.length > 0 ? `${made.join(' and ')} in ${formatDuration(durationMs)}` : 'nothing changed since the last one',
  );
}

/** Makes the database client only: what the types and the tests need. */
export async function ensureClient() {
  await withCheckoutLock('build', () => ensureMade(CLIENT));
}

/**
 * @param {{inputs: string[], output: string, program: string[]}} step
 * @returns {Promise<boolean>} whether there was anything to do
 */
async function ensureMade({ inputs, output, program }) {
  const fingerprint = fingerprintOf(inputs);
  const mark = inCheckout(output, '.made-from');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === fingerprint) return false;
  // Files whose source is gone must not stay behind.
  if (output === PROGRAM.output) rmSync(inCheckout(output), { recursive: true, force: true });
  await runCommand(process.execPath, program, { cwd: inCheckout(), timeoutMs: STEP_TIMEOUT_MS });
  writeFileSync(mark, fingerprint);
  return true;
}

/** Content, not time: a fresh clone or a switch of branches and back builds nothing twice. @param {string[]} inputs */
function fingerprintOf(inputs) {
  const hash = createHash('sha256').update(process.version);
  for (const path of inputs.flatMap(listFiles))
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(inCheckout(path)))
      .update('\0');
  return hash.digest('hex');
}

/** @param {string} path @returns {string[]} */
function listFiles(path) {
  const found = statSync(inCheckout(path), { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) return [path];
  return readdirSync(inCheckout(path))
    .filter((name) => name !== '.made-from')
    .sort()
    .flatMap((name) => listFiles(join(path, name)));
}
