import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { AppError, type FieldError } from '../../kernel/app-error.ts';
import { assertStorableText, parseJson } from './json-body.ts';
import { DEFAULT_BODY_LIMIT, assertJson, hasBody, readBody } from './request-body.ts';
import { decodeParameters, parseQuery } from './request-path.ts';
import type { AnyMessage, Method, Route } from './route.ts';

/** What stood at the path's parameters, and the query string, both as they were sent. */
export interface Sent {
  readonly parameters: readonly string[];
  readonly values: readonly string[];
  readonly query: string;
}

const NO_BYTES = Buffer.alloc(0);
const NO_QUERY = z.strictObject({});
/** A call that needs no message may come with an empty one. */
const NO_BODY = z.strictObject({}).nullable();
const WITH_BODY: ReadonlySet<Method> = new Set(['post', 'put', 'patch']);

/**
 * Reads path, query and body by the route's schemas. What a route does not know is refused, not ignored.
 * @throws AppError `request.*`.
 */
export async function readMessage(route: Route, request: IncomingMessage, sent: Sent): Promise<AnyMessage> {
  const params = readParameters(route, sent);
  const query = readQuery(route, sent.query);
  const limit = route.bodyLimit ?? DEFAULT_BODY_LIMIT;
  if (route.rawBody) return { params, query, body: undefined, raw: await readBody(request, limit) };
  const schema = route.request?.body ?? (WITH_BODY.has(route.method) ? NO_BODY : undefined);
  if (!schema) return { params, query, body: undefined, raw: NO_BYTES };
  // A body that was left out is an empty one: every field may then have its default.
  if (!hasBody(request)) return { params, query, body: parse(schema, {}, 'body'), raw: NO_BYTES };
  assertJson(request);
  return { params, query, body: parseBody(schema, await readBody(request, limit)), raw: NO_BYTES };
}

function readParameters({ request }: Route, { parameters, values }: Sent): unknown {
  if (parameters.length === 0) return undefined;
  const decoded = decodeParameters(parameters, values);
  return request?.params ? parse(request.params, decoded, 'path') : undefined;
}

function readQuery({ request, isHealth, access }: Route, text: string): unknown {
  const schema = request?.query;
  // Probes and webhooks come from addresses that somebody else wrote: what is appended there is none of ours.
  if (!schema && (text === '' || isHealth || access.kind === 'signed')) return undefined;
  const query = parseQuery(text);
  assertStorableText(query, 'query');
  return parse(schema ?? NO_QUERY, query, 'query');
}

function parseBody(schema: z.ZodType, bytes: Buffer): unknown {
  const value = parseJson(bytes);
  assertStorableText(value, 'body');
  return parse(schema, value === undefined ? {} : value, 'body');
}

function parse(schema: z.ZodType, value: unknown, place: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap((issue) => fieldErrors(issue, place));
  const first = errors[0];
  throw new AppError('request.invalid', { detail: `${first?.path}: ${first?.message}`, errors });
}

function fieldErrors(issue: z.core.$ZodIssue, place: string): FieldError[] {
  const named = (key?: string): string => [...issue.path, ...(key === undefined ? [] : [key])].map(String).join('.') || place;
  if (issue.code !== 'unrecognized_keys') return [{ path: named(), message: issue.message }];
  return issue.keys.map((key) => ({ path: named(key), message: 'is not a field of this request' }));
}
