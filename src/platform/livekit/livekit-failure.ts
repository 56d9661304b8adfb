/**
 * How a call to a region failed, sorted once so that nobody above reads a status again.
 * - `trouble`: the region cannot be used now (network, time-out, 5xx, an answer that is not LiveKit's); another may be tried.
 * - `definite`: LiveKit understood and said no; the same call will be refused again.
 * - `misconfigured`: LiveKit does not accept our key; never retried by a request.
 * - `queued`: our own bulkhead was full. The region was not asked, so it says nothing about the region.
 */
export type LivekitFailureKind = 'trouble' | 'definite' | 'misconfigured' | 'queued';

export interface LivekitFailureFacts {
  readonly kind: LivekitFailureKind;
  /** The LiveKit call, for example `CreateRoom`. */
  readonly method: string;
  /** LiveKit's own code (`not_found`), or ours for what LiveKit never said (`timeout`, `redirect`). */
  readonly code: string;
  readonly message: string;
  readonly status?: number | undefined;
  readonly cause?: unknown;
}

/** The one error of this folder. Its text holds no token and no secret, and may be logged. */
export class LivekitFailure extends Error {
  override readonly name = 'LivekitFailure';
  readonly kind: LivekitFailureKind;
  readonly method: string;
  readonly code: string;
  readonly status: number | undefined;

  constructor(facts: LivekitFailureFacts) {
    super(`${facts.method}: ${facts.message}`, { cause: facts.cause });
    this.kind = facts.kind;
    this.method = facts.method;
    this.code = facts.code;
    this.status = facts.status;
  }
}

/** Narrows an unknown throwable, optionally to one kind. */
export function isLivekitFailure(
  error: unknown,
  kind?: LivekitFailureKind,
): error is LivekitFailure {
  return error instanceof LivekitFailure && (kind === undefined || error.kind === kind);
}

/** What LiveKit's Twirp layer puts into the body of a refusal. */
export interface TwirpError {
  readonly code: string;
  readonly msg: string;
}

/** Refusals that stay refusals however often they are asked for. Everything else below 500 may be a proxy's. */
const DEFINITE_STATUSES: ReadonlySet<number> = new Set([400, 404, 409, 412]);
/** Twirp answers a path it does not serve with 404 `bad_route`: not LiveKit, or one too old to be used. */
const NOT_LIVEKIT = 'bad_route';

/**
 * Sorts an answer that is not 200. A 404 counts as definite only when LiveKit itself says `not_found`: the same
 * status from a balancer must never read as "there is no such room". The text of a 401 is dropped whole, since
 * LiveKit 1.13 repeats the refused token in it.
 */
export function sortRefusal(
  method: string,
  status: number,
  error: TwirpError | undefined,
): LivekitFailure {
  if (status === 401) {
    const message = 'the region does not accept our key (401)';
    return new LivekitFailure({ kind: 'misconfigured', method, status, code: 'unauthenticated', message });
  }
  const definite =
    error !== undefined && error.code !== NOT_LIVEKIT && DEFINITE_STATUSES.has(status);
  return new LivekitFailure({
    kind: definite ? 'definite' : 'trouble',
    method,
    status,
    code: error?.code ?? 'not_livekit',
    message: `answered ${status}${error === undefined ? '' : ` ${error.code}: ${withoutTokens(error.msg)}`}`,
  });
}

/** A failure that LiveKit had no word in: `code` says which. */
export function troubleBefore(
  method: string,
  code: string,
  message: string,
  cause?: unknown,
): LivekitFailure {
  return new LivekitFailure({ kind: 'trouble', method, code, message, cause });
}

const MAX_TEXT_LENGTH = 200;
/** The header of every JWT is a JSON object, whose base64url begins with these letters. */
const TOKEN = /eyJ[\w-]*(?:\.[\w-]*)*/g;

/** Cuts text from outside to a loggable length, with everything that looks like a token taken out. */
export function withoutTokens(text: string): string {
  const printable = text.slice(0, 10 * MAX_TEXT_LENGTH).replace(/[^\x20-\x7e]/g, ' ');
  return printable.replace(TOKEN, '[token]').slice(0, MAX_TEXT_LENGTH);
}
