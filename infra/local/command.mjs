import { spawn } from 'node:child_process';
import { Failure } from './failure.mjs';

const TAIL_CHARACTERS = 4_000;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends every program that `runCommand` or `tryCommand` still waits for. */
export function endCommands() {
  for (const child of running) child.kill('SIGTERM');
}

/**
 * Runs a program to its end and returns what it printed.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs: number}} options
 * @returns {Promise<string>} its standard output
 * @throws {Failure} with the end of what it printed, when it fails or takes too long
 */
export async function runCommand(command, args, options) {
  const { code, stdout, output } = await tryCommand(command, args, options);
  if (code === 0) return stdout;
  throw new Failure(
    `${[command, ...args].join(' ')} ${code === undefined ? 'took too long' : `ended with ${code}`}\n${output.slice(-TAIL_CHARACTERS)}`,
  );
}

/**
 * Runs a program to its end, whatever that is.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs: number, isShown?: boolean}} options `isShown` passes its
 *   output through
 * @returns {Promise<{code: number | undefined, stdout: string, output: string}>} no code when it was ended for its time
 */
export function tryCommand(command, args, { cwd, env, timeoutMs, isShown = false }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: isShown ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      ...(cwd && { cwd }),
      ...(env && { env }),
    });
    running.add(child);
    let stdout = '';
    let output = '';
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.once('error', (error) => (output += error.message));
    child.once('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code: isLate ? undefined : (code ?? 1), stdout, output });
    });
  });
}
