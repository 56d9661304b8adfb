import { ERROR_CODES, type ErrorCode, type ErrorKind } from './error-codes.ts';

/** One field that was wrong: `path` in dotted form (`region.id`), `message` says what to change. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export interface AppErrorOptions {
  /** Public sentence: what happened and what the caller can change. Never holds a secret or a vendor's text. */
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** Overrides the kind of the code, where the contract gives one code two statuses (an unknown region in a path). */
  readonly kind?: ErrorKind;
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the problem document, for callers who may see them. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one error that crosses floors. `code` is stable and documented, `detail` is public, `cause` is private.
 * Compare by `code`, never by text.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly detail: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly extra: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions) {
    super(`${code}: ${options.detail}`, { cause: options.cause });
    this.code = code;
    this.kind = options.kind ?? ERROR_CODES[code].kind;
    this.detail = options.detail;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers;
    this.extra = options.extra;
  }
}

/** Narrows an unknown throwable to our own error, optionally of one code. */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/** A 400 that names the field: the commonest refusal. */
export function invalidField(path: string, message: string): AppError {
  return new AppError('request.invalid', {
    detail: `${path}: ${message}`,
    errors: [{ path, message }],
  });
}

/** A 503 that names what is away. Callers may try again after `retryAfterSeconds` (default 1). */
export function dependencyUnavailable(
  dependency: string,
  options: { readonly retryAfterSeconds?: number; readonly cause?: unknown } = {},
): AppError {
  return new AppError('dependency.unavailable', {
    detail: `${dependency} is away at the moment; try again shortly.`,
    retryAfterSeconds: options.retryAfterSeconds ?? 1,
    cause: options.cause,
    extra: { dependency },
  });
}
