import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { endProcesses } from './process-ending.mjs';
import { identifyProcess, isAlive } from './process-identity.mjs';
import { shortPath } from './checkout.mjs';

/** A log above this size is set aside when its process starts again; one former log is kept. */
const LOG_LIMIT_BYTES = 20 * 1024 * 1024;
const TAIL_LINES = 12;

/**
 * @typedef {import('./process-ending.mjs').Ending} Ending
 * @typedef {import('./process-ending.mjs').RecordedProcess} RecordedProcess
 * @typedef {{name: string, command: string, args: string[], env?: NodeJS.ProcessEnv, cwd?: string,
 *   user?: {uid: number, gid: number} | undefined, ending: Ending}} ProcessRequest
 * @typedef {{name: string, pid: number, logFile: string, hasEnded: () => string | undefined}} RunningProcess
 * @typedef {ReturnType<typeof createProcesses>} Processes
 */

/**
 * Starts programs in sessions of their own (a Ctrl-C in the terminal reaches only us, and we end them in order), writes
 * what they print to log files, and records each with its start time, so that a later run can find what a killed one
 * left.
 * @param {{logFolder: string, record: {read: () => RecordedProcess[] | undefined, write: (list: RecordedProcess[]) =>
 *   void}, onUnexpectedEnd?: (process: RunningProcess, how: string) => void}} dependencies
 */
export function createProcesses({ logFolder, record, onUnexpectedEnd }) {
  /** @type {RecordedProcess[]} */
  let started = [];
  let isEnding = false;
  /** @type {Set<number>} */
  const expected = new Set();

  return {
    /**
     * Ends what a killed run left behind.
     * @returns {Promise<string[]>} the names of what was still running
     */
    endLeftovers: async () => {
      const leftovers = (record.read() ?? []).filter(isAlive);
      await endProcesses(leftovers);
      record.write([]);
      return leftovers.map(({ name }) => name);
    },

    /**
     * Returns as soon as the program runs; whether it is of use must be asked of it.
     * @param {ProcessRequest} request
     * @returns {RunningProcess}
     * @throws {Failure} when it cannot be started at all
     */
    start: (request) => {
      if (isEnding) throw new Failure(`${request.name} is not started any more`);
      const logFile = openLog(logFolder, request.name);
      const { child, pid } = spawnDetached(request, logFile);
      const identity = identifyProcess(pid) ?? { pid, startedAt: 'gone' };
      started = [...started, { ...identity, name: request.name, ending: request.ending }];
      record.write(started);
      /** @type {string | undefined} */
      let ended;
      const running = { name: request.name, pid, logFile, hasEnded: () => ended };
      child.once('exit', (code, signal) => {
        ended = signal ? `ended by ${signal}` : `ended with code ${code}`;
        if (!isEnding && !expected.has(pid)) onUnexpectedEnd?.(running, ended);
      });
      return running;
    },

    /**
     * Ends everything, in order. Nothing can be started any more.
     * @param {{isForced?: () => boolean}} [options]
     * @returns {Promise<number>} how many were still running
     */
    endAll: async (options = {}) => {
      isEnding = true;
      const running = started.filter(isAlive);
      await endProcesses(running, options);
      started = [];
      record.write([]);
      return running.length;
    },

    /**
     * Ends one process without a word and returns when it is gone. Its end counts as expected.
     * @param {number} pid
     */
    kill: async (pid) => {
      const one = started.find((process) => process.pid === pid);
      if (one === undefined) return;
      expected.add(pid);
      await endProcesses([{ ...one, ending: { ...one.ending, signal: 'SIGKILL' } }]);
    },

    /** The last resort, for a process that is about to exit: kills without waiting. */
    killAllNow: () => {
      for (const one of started) if (isAlive(one)) process.kill(one.pid, 'SIGKILL');
    },
  };
}

/** @param {ProcessRequest} request @param {string} logFile */
function spawnDetached(request, logFile) {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(request.command, request.args, {
      stdio: ['ignore', log, log],
      detached: true,
      ...(request.env && { env: request.env }),
      ...(request.cwd && { cwd: request.cwd }),
      ...request.user,
    });
    child.once('error', () => undefined);
    if (child.pid === undefined) throw new Failure(`${request.name}: ${request.command} cannot be started`);
    return { child, pid: child.pid };
  } finally {
    closeSync(log);
  }
}

/** @param {string} folder @param {string} name */
function openLog(folder, name) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${name}.log`);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(path, `${path}.1`);
  return path;
}

/**
 * What to say about a program that did not come up: how it ended and the last lines it wrote.
 * @param {RunningProcess} process
 * @returns {string | undefined} undefined while it runs
 */
export function explainEnd(process) {
  const ended = process.hasEnded();
  if (ended === undefined) return undefined;
  const tail = readFileSync(process.logFile, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n    ');
  return `${ended}, last lines of ${shortPath(process.logFile)}:\n    ${tail}`;
}
