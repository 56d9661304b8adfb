import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { join } from 'node:path';
import { claimFile } from './claimed-file.mjs';
import { Failure } from './failure.mjs';
import { identifyProcess, isAlive, signalProcess } from './process-identity.mjs';
import { shortPath } from './checkout.mjs';
import { waitFor } from './waiting.mjs';

/** Marks a folder as ours, so that `--fresh` never empties somebody else's. */
const MARKER = 'meridian-state.json';
/** A stack that lost its launcher needs this long to end what it started. */
const ORPHAN_PATIENCE_MS = 25_000;

/**
 * @typedef {import('./process-identity.mjs').ProcessIdentity} ProcessIdentity
 * @typedef {ReturnType<typeof openStateFolder>} StateFolder
 */

/**
 * Opens (and makes) a folder that only its owner can read. Everything in it may hold secrets.
 * @param {string} path absolute
 * @throws {Failure} when the folder holds files that are not ours
 */
export function openStateFolder(path) {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const isKnown = existsSync(join(path, MARKER));
  if (!isKnown && readdirSync(path).length > 0) {
    throw new Failure(`${shortPath(path)} is neither empty nor a state folder`, 'Name another with --state DIR.');
  }
  chmodSync(path, 0o700);
  const folder = {
    path,
    /** @param {...string} names */
    file: (...names) => join(path, ...names),
    /** Makes a folder below. @param {...string} names */
    folder: (...names) => {
      mkdirSync(join(path, ...names), { recursive: true, mode: 0o700 });
      return join(path, ...names);
    },
    /** @param {string} name @returns {any} what was written, or undefined */
    read: (name) => readJson(join(path, name)),
    /** @param {string} name @param {unknown} value */
    write: (name, value) => writePrivateFile(join(path, name), `${JSON.stringify(value, null, 2)}\n`),
    /** @param {string} name @param {string} text */
    writeText: (name, text) => writePrivateFile(join(path, name), text),
    /** @param {string} name */
    remove: (name) => rmSync(join(path, name), { recursive: true, force: true }),
  };
  if (!isKnown) folder.write(MARKER, { of: 'the local stack of Meridian' });
  return folder;
}

/** @param {string} path */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Replaces a file at once, readable by its owner only.
 * @param {string} path
 * @param {string} text
 */
export function writePrivateFile(path, text) {
  const next = `${path}.${process.pid}`;
  writeFileSync(next, text, { mode: 0o600 });
  renameSync(next, path);
}

/**
 * Makes this process the one owner of the state. An owner that was killed is succeeded; one whose launcher is gone is
 * ended first; one at work is left alone.
 * @param {StateFolder} state
 * @returns {Promise<{release: () => void}>}
 * @throws {Failure} when another stack with this state is running
 */
export async function ownState(state) {
  const previous = /** @type {{self: ProcessIdentity, launcher?: ProcessIdentity} | undefined} */ (
    state.read('owner.json')
  );
  if (previous && isAlive(previous.self)) await endOrphan(state, previous);
  const launcher = findLauncher();
  const owner = { self: identifyProcess(process.pid), ...(launcher && { launcher }) };
  if (!claimFile(state.file('owner.json'), `${JSON.stringify(owner)}\n`, (text) => isAlive(JSON.parse(text).self))) {
    throw new Failure(`another stack is starting with ${shortPath(state.path)} at this moment`);
  }
  return { release: () => state.remove('owner.json') };
}

/** @param {StateFolder} state @param {{self: ProcessIdentity, launcher?: ProcessIdentity}} previous */
async function endOrphan(state, previous) {
  if (previous.launcher === undefined || isAlive(previous.launcher)) {
    throw new Failure(
      `a stack with ${shortPath(state.path)} is running already (process ${previous.self.pid})`,
      'A second one can run beside it: npm start -- --state .meridian-2 --port 8090',
    );
  }
  signalProcess(previous.self, 'SIGTERM');
  await waitFor(() => !isAlive(previous.self), {
    what: 'the end of the former stack',
    timeoutMs: ORPHAN_PATIENCE_MS,
  }).catch(() => signalProcess(previous.self, 'SIGKILL'));
}

/** The `npm` that runs us, if one does: when it goes away, so do we. */
function findLauncher() {
  return process.env['npm_lifecycle_event'] === undefined ? undefined : identifyProcess(process.ppid);
}
