import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** @typedef {{name: string, uid: number, gid: number}} SystemUser */

/**
 * The user in whose name Postgres runs when we are root, which it refuses to be: `postgres` where there is one, else
 * `nobody`.
 * @returns {SystemUser | undefined} undefined when we are not root: our own user will do
 */
export function findUnprivilegedUser() {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [name, , uid, gid] =
    users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody') ?? [];
  return name === undefined ? undefined : { name, uid: Number(uid), gid: Number(gid) };
}

/**
 * Whether every folder above a path lets that user through.
 * @param {string} path
 * @param {SystemUser} user
 */
function canReach(path, user) {
  for (let folder = realpathSync(dirname(path)); ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder);
    const search = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & search) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** Folders that outlive a restart of the machine come first. */
const OPEN_FOLDERS = ['/var/tmp', '/tmp'];

/**
 * A folder that any user can reach, for what must not lie in a private one.
 * @returns {string}
 */
export function openFolder() {
  return OPEN_FOLDERS.find((folder) => existsSync(folder)) ?? '/';
}

/**
 * The same tree at a place that the user can reach: itself when it can, else a copy, made once and owned by us, so that
 * nobody else can change what we are going to run.
 * @param {string} folder
 * @param {string} name under which the copy is kept; must change with the content
 * @param {SystemUser} user
 * @returns {string}
 */
export function ensureReachable(folder, name, user) {
  if (canReach(join(folder, 'x'), user)) return folder;
  const copy = join(openFolder(), `meridian-${name}`);
  if (existsSync(copy) && isOursAlone(copy)) return copy;
  if (existsSync(copy)) return copyTree(folder, join(mkdtempSync(`${copy}-`), 'copy'));
  return copyTree(folder, copy);
}

/** @param {string} path */
function isOursAlone(path) {
  const { uid, mode } = statSync(path);
  return uid === process.getuid?.() && (mode & 0o022) === 0;
}

/** A copy that is cut short never carries the final name. @param {string} from @param {string} to */
function copyTree(from, to) {
  const unfinished = mkdtempSync(`${to}-`);
  mkdirSync(join(unfinished, 'copy'), { mode: 0o755 });
  cpSync(from, join(unfinished, 'copy'), { recursive: true, verbatimSymlinks: true });
  renameSync(join(unfinished, 'copy'), to);
  rmSync(unfinished, { recursive: true });
  return to;
}
