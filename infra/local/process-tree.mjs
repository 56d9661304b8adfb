import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/**
 * A process and everything below it, parents first. Postgres gives each connection a process and a session of its own,
 * so that no signal to a group reaches them all.
 * @param {number} pid
 * @returns {number[]}
 */
function listTree(pid) {
  const parents = process.platform === 'linux' ? readLinuxParents() : readParentsByPs();
  const tree = [pid];
  for (let index = 0; index < tree.length; index += 1) {
    tree.push(...parents.filter(([, parent]) => parent === tree[index]).map(([child]) => child));
  }
  return tree;
}

/** @returns {[number, number][]} */
function readLinuxParents() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return [
          /** @type {[number, number]} */ ([Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])]),
        ];
      } catch {
        return [];
      }
    });
}

/** @returns {[number, number][]} */
function readParentsByPs() {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => /** @type {[number, number]} */ (line.trim().split(/\s+/).map(Number)));
}

/**
 * Sends a signal to a process and everything below it.
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
export function signalTree(pid, signal) {
  for (const one of listTree(pid)) {
    try {
      process.kill(one, signal);
    } catch {
      // It ended in between.
    }
  }
}
