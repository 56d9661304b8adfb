import type { Config } from '../platform/config/load-config.ts';
import type { Schedule } from '../platform/module.ts';

export type ProcessRole = 'api' | 'worker' | 'all';

/** The schedules that a process of this role runs; `all` runs every one. */
export function schedulesOf(role: ProcessRole, schedules: readonly Schedule[]): Schedule[] {
  return schedules.filter(({ roles }) => role === 'all' || roles === undefined || roles.includes(role));
}

const API_SHUTDOWN_SECONDS = 45;
/** A worker may be in the middle of a long copy. */
const WORKER_SHUTDOWN_SECONDS = 600;

/** How long running work of a process may take to finish. */
export function shutdownMs({ MERIDIAN_ROLE, MERIDIAN_SHUTDOWN_SECONDS }: Pick<Config, 'MERIDIAN_ROLE' | 'MERIDIAN_SHUTDOWN_SECONDS'>): number {
  return (MERIDIAN_SHUTDOWN_SECONDS ?? (MERIDIAN_ROLE === 'worker' ? WORKER_SHUTDOWN_SECONDS : API_SHUTDOWN_SECONDS)) * 1000;
}
