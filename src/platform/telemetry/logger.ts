import { type Logger as PinoLogger, destination, pino } from 'pino';

export type Logger = PinoLogger;

/** Names under which a secret could reach a log line, in lower case. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'secret', 'authorization', 'cookie', 'participanttoken', 'participant_token', 'token', 'password', 'turnpassword',
  'secretaccesskey', 'rejointoken', 'databaseurl', 'connectionstring', 'credential', 'masterkey',
]);
const CENSOR = '[secret]';
/** Our lines have few levels; what is deeper is cut, not trusted. */
const MAX_DEPTH = 6;

export interface LoggerOptions {
  readonly level: string;
  readonly instance: string;
  readonly role: string;
  /** Tests read lines from here; default: standard output, written in chunks off the request path. */
  readonly sink?: { write(line: string): void };
}

/** The process's logger: JSON lines with level, time, instance and role; whatever bears a secret's name is hidden. */
export function createLogger({ level, instance, role, sink }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { instance, role },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (line) => hideSecrets(line, 0) },
      serializers: { err: (error: Error) => hideSecrets({ ...pino.stdSerializers.err(error) }, 0) },
    },
    sink ?? destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 250 }),
  );
}

/** The value without secrets: the very same one when there are none, which is nearly always. */
function hideSecrets<T extends object>(value: T, depth: number): T {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    const shown = SECRET_NAMES.has(key.toLowerCase()) ? CENSOR : shownOf(item, depth + 1);
    if (shown === item) continue;
    copy ??= (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
    copy[key] = shown;
  }
  return (copy ?? value) as T;
}

function shownOf(item: unknown, depth: number): unknown {
  // An error is taken apart by its own serializer, and comes by here then; a time has no parts.
  if (typeof item !== 'object' || item === null || item instanceof Error || item instanceof Date) return item;
  return depth > MAX_DEPTH ? '[too deep]' : hideSecrets(item, depth);
}
