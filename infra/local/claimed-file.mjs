import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Makes a file that says who holds something, unless somebody alive holds it. The file appears whole or not at all, and
 * of several that find a dead holder's file only one succeeds it.
 * @param {string} path
 * @param {string} text
 * @param {(text: string) => boolean} isHeld whether the holder that wrote this is still there
 * @returns {boolean} whether it is ours now
 */
export function claimFile(path, text, isHeld) {
  const prepared = `${path}.${process.pid}.new`;
  writeFileSync(prepared, text, { mode: 0o600 });
  try {
    return tryLink(prepared, path) || (removeDead(path, isHeld) && tryLink(prepared, path));
  } finally {
    rmSync(prepared, { force: true });
  }
}

/** @param {string} from @param {string} to */
function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/**
 * Takes a dead holder's file away; what is taken is looked at again, since it may be a successor's by then.
 * @param {string} path
 * @param {(text: string) => boolean} isHeld
 */
function removeDead(path, isHeld) {
  const aside = `${path}.${process.pid}.old`;
  try {
    if (isHeld(readFileSync(path, 'utf8'))) return false;
    renameSync(path, aside);
    if (isHeld(readFileSync(aside, 'utf8'))) {
      tryLink(aside, path);
      return false;
    }
    return true;
  } catch {
    // It went away in between: whoever is first now has it.
    return true;
  } finally {
    rmSync(aside, { force: true });
  }
}
