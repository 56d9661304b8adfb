import type { ErrorRequestHandler } from 'express';
import { AppError, dependencyUnavailable, isAppError } from '../../kernel/app-error.ts';
import { ERROR_CODES, type ErrorKind } from '../../kernel/error-codes.ts';
import { isDatabaseAway } from '../database/database-failure.ts';
import type { Logger } from '../telemetry/logger.ts';
import { requestIdOf } from './request-id.ts';

export const STATUS_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  gone: 410,
  'precondition-failed': 412,
  'too-large': 413,
  unsupported: 415,
  unprocessable: 422,
  'precondition-required': 428,
  'too-many': 429,
  internal: 500,
  unavailable: 503,
};

/** RFC 9457 with our members: `code` is stable, `errors` names wrong fields. */
export interface Problem extends Record<string, unknown> {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
}

export function toProblem(error: AppError, requestId: string, publicUrl: string): Problem {
  return {
    type: `${publicUrl}/docs/errors/${error.code}`,
    title: ERROR_CODES[error.code].title,
    status: STATUS_OF_KIND[error.kind],
    detail: error.detail,
    instance: `urn:request:${requestId}`,
    code: error.code,
    ...(error.errors ? { errors: error.errors } : {}),
    ...error.extra,
  };
}

const DEFAULT_RETRY_AFTER_SECONDS = 1;

function headersOf(error: AppError): Record<string, string> {
  const headers: Record<string, string> = { 'Cache-Control': 'no-store', ...error.headers };
  if (error.kind === 'unavailable' || error.kind === 'too-many') {
    headers['Retry-After'] = String(error.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS);
  }
  // RFC 6750 section 3.1: only who sent a credential is told that it is not valid.
  if (error.kind === 'unauthenticated') headers['WWW-Authenticate'] = error.code === 'auth.invalid' ? 'Bearer error="invalid_token"' : 'Bearer';
  return headers;
}

/** What Express' own file server throws at a path that it cannot read. */
interface HttpError {
  readonly status?: unknown;
  readonly expose?: unknown;
}

function fromHttpError({ status, expose }: HttpError): AppError | undefined {
  if (expose !== true || typeof status !== 'number' || status < 400 || status >= 500) return undefined;
  return new AppError('request.malformed', { detail: 'The request cannot be read; check its path and headers.' });
}

/** Any throwable as our own error; what nobody expected becomes `internal`, its cause kept for the log. */
export function toAppError(error: unknown): AppError {
  if (isAppError(error)) return error;
  if (typeof error === 'object' && error !== null) {
    const mapped = fromHttpError(error);
    if (mapped) return mapped;
  }
  if (isDatabaseAway(error)) return dependencyUnavailable('Postgres', { cause: error });
  return new AppError('internal', { detail: 'Something failed on our side; the request id finds it in our log.', cause: error });
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An error as it goes over the wire. */
export function answerOf(error: AppError, requestId: string, publicUrl: string): ProblemAnswer {
  const problem = toProblem(error, requestId, publicUrl);
  return {
    status: problem.status,
    headers: { ...headersOf(error), 'Content-Type': 'application/problem+json; charset=utf-8' },
    body: JSON.stringify(problem),
  };
}

export interface ProblemHandlerOptions {
  readonly publicUrl: string;
  readonly logger: Logger;
  /** Whether the process is on its way out: its answers then end their connections. */
  readonly isStopping?: (() => boolean) | undefined;
}

/** The one place where an error becomes an answer. Only `internal` is logged as an error: it wants a person. */
export function createProblemHandler(options: ProblemHandlerOptions): ErrorRequestHandler {
  // Express tells an error handler by its four parameters.
  return (thrown, _request, response, _next) => {
    const error = toAppError(thrown);
    const requestId = requestIdOf(response);
    if (error.kind === 'internal') options.logger.error({ requestId, err: error.cause ?? error }, 'request failed');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, headers, body } = answerOf(error, requestId, options.publicUrl);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (options.isStopping?.()) response.setHeader('Connection', 'close');
    response.statusCode = status;
    response.setHeader('Content-Length', Buffer.byteLength(body));
    response.end(body);
  };
}
