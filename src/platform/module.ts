import type { Route } from './http/route.ts';
import type { LivekitHandler } from './livekit/livekit-handler.ts';

/** Background work of a module: runs every `everyMs` (± 10 %), never twice at a time in one process. */
export interface Schedule {
  readonly name: string;
  readonly everyMs: number;
  /** `each`: every process that serves the role; `leader`: one process of the cluster at a time. */
  readonly runs: 'each' | 'leader';
  /** Processes that run it; default all roles. */
  readonly roles?: readonly ('api' | 'worker')[];
  /** `signal` aborts at shutdown and when the leadership is lost. */
  run(signal: AbortSignal): Promise<void>;
}

/** What every module gives its composer; lists may be empty. */
export interface Module<Service> {
  readonly service: Service;
  readonly routes: readonly Route[];
  readonly schedules: readonly Schedule[];
  readonly livekitHandlers: readonly LivekitHandler[];
}
