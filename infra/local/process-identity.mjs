import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/**
 * A process, told apart from any later one that gets the same number.
 * @typedef {{pid: number, startedAt: string}} ProcessIdentity
 */

/**
 * When a process began, as an opaque text that no later process with its number shares; undefined when there is none.
 * A zombie counts as gone (it holds no port and does nothing), unless it is only the first of several threads to end.
 * @param {number} pid
 * @returns {string | undefined}
 */
export function findStartTime(pid) {
  return process.platform === 'linux' ? findLinuxStartTime(pid) : findStartTimeByPs(pid);
}

/** @param {number} pid */
function findLinuxStartTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets and may hold spaces and brackets of its own.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'X' || (fields[0] === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1)) return undefined;
    // Field 22 of proc(5), in ticks since the boot; hence the boot's own id beside it.
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().slice(0, 8)}-${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function findStartTimeByPs(pid) {
  try {
    const text = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' || text.startsWith('Z') ? undefined : text.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

/**
 * @param {number} pid
 * @returns {ProcessIdentity | undefined}
 */
export function identifyProcess(pid) {
  const startedAt = findStartTime(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** @param {ProcessIdentity} identity */
export function isAlive(identity) {
  return findStartTime(identity.pid) === identity.startedAt;
}

/**
 * Sends a signal to that very process, never to another that has its number now.
 * @param {ProcessIdentity} identity
 * @param {NodeJS.Signals} signal
 */
export function signalProcess(identity, signal) {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended in between.
  }
}
