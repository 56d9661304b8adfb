import { AsyncLocalStorage } from 'node:async_hooks';
import { type Logger as PinoLogger, destination, pino } from 'pino';

export type Logger = PinoLogger;

/** Fields that every log line of a request or a piece of background work carries. For log lines only. */
export interface LogContext {
  readonly requestId?: string;
  readonly task?: string;
  readonly region?: string;
}

const context = new AsyncLocalStorage<LogContext>();

/** Runs `work` so that its log lines carry `fields`. */
export function withLogContext<T>(fields: LogContext, work: () => T): T {
  return context.run({ ...context.getStore(), ...fields }, work);
}

/** Names under which a secret could reach a log line, at the depths where our lines have objects. */
const SECRET_NAMES = ['secret', 'authorization', 'participantToken', 'participant_token', 'token', 'password', 'turnPassword', 'secretAccessKey', 'rejoinToken', 'databaseUrl'];
const REDACTED = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export interface LoggerOptions {
  readonly level: string;
  readonly instance: string;
  readonly role: string;
  /** Tests read lines from here; default: standard output, written in chunks off the request path. */
  readonly sink?: { write(line: string): void };
}

/** The process's logger: JSON lines with level, time, instance, role and the context's fields; secrets redacted. */
export function createLogger({ level, instance, role, sink }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { instance, role },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => context.getStore() ?? {},
      redact: { paths: REDACTED, censor: '[secret]' },
    },
    sink ?? destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 250 }),
  );
}
