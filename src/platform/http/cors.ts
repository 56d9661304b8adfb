import type { IncomingMessage, ServerResponse } from 'node:http';

const ALLOW_HEADERS = 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID';
const EXPOSE_HEADERS = 'X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, ETag, Location';
/** Two hours: the most that Chromium honours. */
const PREFLIGHT_MAX_AGE_SECONDS = 7200;

/** Sets the CORS headers of one answer; a caller from elsewhere gets none. Never with credentials. */
export interface Cors {
  apply(request: IncomingMessage, response: ServerResponse): void;
  /** Answers a preflight, after `apply`. */
  preflight(response: ServerResponse, methods: string): void;
}

/** @param origins allowed origins; `*` stands for any. */
export function createCors(origins: readonly string[]): Cors {
  const any = origins.includes('*');
  const allowed = new Set(origins);

  function apply(request: IncomingMessage, response: ServerResponse): void {
    if (!any) response.setHeader('Vary', 'Origin');
    const { origin } = request.headers;
    if (!any && (origin === undefined || !allowed.has(origin))) return;
    response.setHeader('Access-Control-Allow-Origin', any ? '*' : String(origin));
    response.setHeader('Access-Control-Expose-Headers', EXPOSE_HEADERS);
    // The answer is meant for other origins; helmet's default would forbid a cross-origin read of it.
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
  }

  return {
    apply,
    preflight: (response, methods) => {
      response.setHeader('Allow', methods);
      if (response.hasHeader('Access-Control-Allow-Origin')) {
        response.setHeader('Access-Control-Allow-Methods', methods);
        response.setHeader('Access-Control-Allow-Headers', ALLOW_HEADERS);
        response.setHeader('Access-Control-Max-Age', String(PREFLIGHT_MAX_AGE_SECONDS));
      }
      response.statusCode = 204;
      response.end();
    },
  };
}
