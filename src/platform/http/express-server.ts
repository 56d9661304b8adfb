import http from 'node:http';
import express, { type Express } from 'express';
import { answerUnreadableRequests } from './unreadable-request.ts';

/** Longer than a balancer keeps an idle connection (60 s is common), so that the balancer closes first. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How late a time-out may be noticed. */
const TIMEOUT_CHECK_MS = 5_000;

/**
 * An HTTP server whose requests and responses are born with the application's prototypes. Express re-parents both
 * objects of each request; on Node 20 and 22 that throws them off V8's fast path and costs three quarters of the
 * throughput. Born right, the assignment changes nothing. Use Routers inside `app`, never mounted applications.
 */
export function createExpressServer(app: Express, { publicUrl }: { readonly publicUrl: string }): http.Server {
  class AppRequest extends http.IncomingMessage {}
  class AppResponse extends http.ServerResponse<AppRequest> {}
  adopt(AppRequest.prototype, express.request, app);
  adopt(AppResponse.prototype, express.response, app);
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype });
  const server = http.createServer(
    {
      IncomingMessage: AppRequest,
      ServerResponse: AppResponse,
      // A header that must be single and came twice is then two values in one text, which no reader takes for one.
      joinDuplicateHeaders: true,
      // Refused by the application, as a problem.
      requireHostHeader: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    app,
  );
  // An expectation that nobody knows may be ignored (RFC 9110 section 10.1.1); the server's own answer has no body.
  server.on('checkExpectation', app);
  answerUnreadableRequests(server, publicUrl);
  return server;
}

function adopt(prototype: object, parent: object, app: Express): void {
  Object.setPrototypeOf(prototype, parent);
  Object.defineProperty(prototype, 'app', { value: app, writable: true, configurable: true, enumerable: true });
}
