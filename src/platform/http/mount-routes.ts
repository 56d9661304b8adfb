import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { z } from 'zod';
import { AppError, type FieldError } from '../../kernel/app-error.ts';
import { type CredentialReader, authenticate, authorize } from './authenticate.ts';
import type { ClientIp } from './client-ip.ts';
import type { Cors } from './cors.ts';
import { DEFAULT_BODY_LIMIT, assertStorableText, hasForeignBody, jsonBody, rawBody } from './json-body.ts';
import { requestIdOf } from './request-id.ts';
import type { AnyMessage, Call, Reply, Route } from './route.ts';

export interface MountOptions {
  readonly routes: readonly Route[];
  readonly readCredential: CredentialReader;
  readonly clientIp: ClientIp;
  readonly cors: Cors;
  /** Tests hold each answer against its own schema; a mismatch is then a failure of the request. */
  readonly checkResponses?: boolean;
  /** Serves what is no route, before an unknown path is refused. */
  readonly beforeRefusal: RequestHandler;
}

/** Makes the router of all routes, with 405 for known paths and 404 for the rest. */
export function mountRoutes(options: MountOptions): Router {
  // Not strict about a trailing slash, but about case: paths are identifiers.
  const router = Router({ caseSensitive: true });
  for (const route of options.routes) router[route.method](expressPath(route.path), ...handlersOf(route, options));
  for (const [path, routes] of byPath(options.routes)) router.all(expressPath(path), refuseMethod(routes, options.cors));
  router.use(options.beforeRefusal);
  router.use(() => {
    throw new AppError('route.not-found', { detail: 'There is no such path; GET /openapi.json lists those there are.' });
  });
  return router;
}

function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function byPath(routes: readonly Route[]): Map<string, Route[]> {
  const grouped = new Map<string, Route[]>();
  for (const route of routes) {
    // Parameter names may differ between two routes of one shape.
    const shape = route.path.replaceAll(/\{\w+\}/g, '{id}');
    grouped.set(shape, [...(grouped.get(shape) ?? []), route]);
  }
  return grouped;
}

function refuseMethod(routes: readonly Route[], cors: Cors): RequestHandler {
  const methods = routes.map((route) => route.method.toUpperCase());
  if (methods.includes('GET')) methods.push('HEAD');
  const allow = [...new Set(methods)].join(', ');
  const open = routes.some((route) => route.cors);
  return (request, response) => {
    if (open && request.method === 'OPTIONS') {
      cors.preflight(request, response, allow);
      return;
    }
    if (open) cors.apply(request, response);
    throw new AppError('route.method-not-allowed', { detail: `This path takes ${allow}.`, headers: { Allow: allow } });
  };
}

function handlersOf(route: Route, options: MountOptions): RequestHandler[] {
  const enter = enterRoute(route, options);
  const answer = answerRoute(route, options);
  if (route.rawBody) return [enter, rawBody(route.bodyLimit ?? DEFAULT_BODY_LIMIT), answer];
  if (!route.request?.body) return [enter, answer];
  return [enter, jsonBody(route.bodyLimit ?? DEFAULT_BODY_LIMIT), answer];
}

const CALL = Symbol('call');
interface WithCall extends Request {
  [CALL]?: Call;
}

/** Before the body is read: CORS, who calls, and whether they may. */
function enterRoute(route: Route, { cors, readCredential, clientIp }: MountOptions): RequestHandler {
  return async (request: WithCall, response, next) => {
    if (route.cors) cors.apply(request, response);
    const ours = route.access.kind === 'signed' ? undefined : request.headers.authorization;
    const actor = await authenticate(ours, readCredential);
    authorize(actor, route.access);
    if (route.request?.body && hasForeignBody(request)) {
      throw new AppError('request.unsupported-media-type', { detail: 'Send the body as application/json.' });
    }
    const { address, trustedPeer } = clientIp.resolve(request.socket.remoteAddress ?? '', headerOf(request, 'x-forwarded-for'));
    request[CALL] = { actor, address, trustedPeer, requestId: requestIdOf(response), header: (name) => headerOf(request, name) };
    next();
  };
}

function headerOf(request: Request, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function answerRoute(route: Route, { checkResponses }: MountOptions): RequestHandler {
  return async (request: WithCall, response) => {
    const call = request[CALL];
    if (!call) throw new Error(`${route.operationId} was answered before it was entered`);
    const reply = await route.handle(parseMessage(route, request), call);
    if (checkResponses) assertDocumented(route, reply);
    send(response, reply);
  };
}

function parseMessage(route: Route, request: Request): AnyMessage {
  const { params, query, body } = route.request ?? {};
  const raw = route.rawBody && Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  return {
    params: params ? parse(params, request.params, 'path') : undefined,
    query: query ? parse(query, request.query, 'query') : undefined,
    body: body ? parseBody(body, request.body) : undefined,
    raw,
  };
}

function parseBody(schema: z.ZodType, value: unknown): unknown {
  // A body that was left out is an empty one: every field may then have its default.
  const given = value === undefined ? {} : value;
  assertStorableText(given);
  return parse(schema, given, 'body');
}

function parse(schema: z.ZodType, value: unknown, place: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map((issue) => fieldError(issue, place));
  const first = errors[0];
  throw new AppError('request.invalid', { detail: `${first?.path}: ${first?.message}`, errors });
}

function fieldError(issue: z.core.$ZodIssue, place: string): FieldError {
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
  const path = [...issue.path, ...keys.slice(0, 1)].map(String).join('.');
  return { path: path === '' ? place : path, message: issue.code === 'unrecognized_keys' ? 'is not a field of this request' : issue.message };
}

function assertDocumented(route: Route, reply: Reply): void {
  const spec = route.responses[reply.status];
  if (!spec) throw new Error(`${route.operationId} answered an undocumented ${reply.status}`);
  if (spec.schema) spec.schema.parse(JSON.parse(JSON.stringify(reply.body)));
}

function send(response: Response, reply: Reply): void {
  response.statusCode = reply.status;
  for (const name in reply.headers) response.setHeader(name, reply.headers[name] as string);
  if (reply.body === undefined) {
    response.end();
    return;
  }
  if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', 'application/json; charset=utf-8');
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

