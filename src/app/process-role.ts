import type { Schedule } from '../platform/module.ts';

export type ProcessRole = 'api' | 'worker' | 'all';

/** The schedules that a process of this role runs; `all` runs every one. */
export function schedulesOf(role: ProcessRole, schedules: readonly Schedule[]): Schedule[] {
  return schedules.filter(({ roles }) => role === 'all' || roles === undefined || roles.includes(role));
}
