import { readFileSync } from 'node:fs';

/** USER_HZ of Linux, whatever the kernel's own tick. */
const TICKS_A_SECOND = 100;

/** Processor time of a process so far, in seconds: `utime` and `stime` of proc(5). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** Memory that a process holds at this moment: `VmRSS` of proc(5). */
export function residentMegabytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}
