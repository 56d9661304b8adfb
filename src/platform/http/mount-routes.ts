import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { AppError } from '../../kernel/app-error.ts';
import { type CredentialReader, authenticate, authorize } from './authenticate.ts';
import type { ClientIp } from './client-ip.ts';
import type { Cors } from './cors.ts';
import { readMessage } from './message.ts';
import { sendReply } from './reply.ts';
import { requestIdOf } from './request-id.ts';
import { targetOf } from './request-path.ts';
import { type Found, type Place, createRouteTable } from './route-table.ts';
import type { Call, Reply, Route } from './route.ts';

export interface MountOptions {
  readonly routes: readonly Route[];
  readonly readCredential: CredentialReader;
  readonly clientIp: ClientIp;
  readonly cors: Cors;
  /** Whether the process has what it needs; until then only health routes are served. Default: it has. */
  readonly isOpen?: () => boolean;
  /** Whether the process is on its way out: its answers then end their connections. */
  readonly isStopping?: () => boolean;
  /** Tests hold each answer against its own schema; a mismatch is then a failure of the request. */
  readonly checkResponses?: boolean;
  /** Serves what is no route, before an unknown path is refused. */
  readonly beforeRefusal: RequestHandler;
}

/** Makes the handlers of all routes, with 405 for known paths and 404 for the rest. */
export function mountRoutes(options: MountOptions): RequestHandler[] {
  const refuse: RequestHandler = () => {
    throw new AppError('route.not-found', { detail: 'There is no such path; GET /openapi.json lists those there are.' });
  };
  return [dispatch(options), options.beforeRefusal, refuse];
}

/** One look-up for each request instead of a row of patterns: it is on the way of every join. */
function dispatch(options: MountOptions): RequestHandler {
  const table = createRouteTable(options.routes);
  return (request, response, next) => {
    const { path, query } = targetOf(request.url);
    const found = table.find(path);
    if (!found) {
      next();
      return undefined;
    }
    // What it rejects with, Express hands to the problem handler.
    return answer(options, { found, query }, request, response);
  };
}

interface Arrival {
  readonly found: Found;
  readonly query: string;
}

/** In this order: CORS, method, who calls, whether they may, and only then the message. */
async function answer(options: MountOptions, { found, query }: Arrival, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { place, values } = found;
  if (place.cors) options.cors.apply(request, response);
  const placed = place.routes.get(request.method ?? '');
  if (!placed) {
    refuseMethod(place, options.cors, request, response);
    return;
  }
  const { route, parameters } = placed;
  if (options.isOpen && !route.isHealth && !options.isOpen()) throw starting();
  assertHost(request);
  // What is known already is not awaited: each step of a join would otherwise cost a turn of the loop.
  const reading = authenticate(route.access.kind === 'signed' ? undefined : request.headers.authorization, options.readCredential);
  const actor = reading instanceof Promise ? await reading : reading;
  authorize(actor, route.access);
  const message = await readMessage(route, request, { parameters, values, query });
  const handled = route.handle(message, createCall(actor, request, response, options.clientIp));
  const reply = handled instanceof Promise ? await handled : handled;
  if (options.checkResponses) assertDocumented(route, reply);
  if (options.isStopping?.()) response.setHeader('Connection', 'close');
  sendReply(response, reply);
}

function refuseMethod({ allow, cors: open }: Place, cors: Cors, request: IncomingMessage, response: ServerResponse): void {
  if (open && request.method === 'OPTIONS') {
    cors.preflight(response, allow);
    return;
  }
  throw new AppError('route.method-not-allowed', { detail: `This path takes ${allow}.`, headers: { Allow: allow } });
}

/** RFC 9112 section 3.2 has such a request refused; the server leaves it to us, so that the answer is a problem. */
function assertHost({ headers, httpVersion }: IncomingMessage): void {
  if (headers.host === undefined && httpVersion === '1.1') throw new AppError('request.malformed', { detail: 'The request has no Host header.' });
}

function createCall(actor: Call['actor'], request: IncomingMessage, response: ServerResponse, clientIp: ClientIp): Call {
  const { address, trustedPeer } = clientIp.resolve(request.socket.remoteAddress, headerOf(request, 'x-forwarded-for'));
  return { actor, address, trustedPeer, requestId: requestIdOf(response), header: (name) => headerOf(request, name) };
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function starting(): AppError {
  return new AppError('dependency.unavailable', { detail: 'This replica is starting; try again shortly.', retryAfterSeconds: 1 });
}

function assertDocumented(route: Route, reply: Reply): void {
  const spec = route.responses[reply.status];
  if (!spec) throw new Error(`${route.operationId} answered an undocumented ${reply.status}`);
  if (spec.schema) spec.schema.parse(JSON.parse(JSON.stringify(reply.body)));
}
