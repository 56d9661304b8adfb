import { z } from 'zod';
import { type ZodOpenApiOperationObject, createDocument } from 'zod-openapi';
import { ERROR_CODES, type ErrorCode } from '../../kernel/error-codes.ts';
import { STATUS_OF_KIND } from './problem.ts';
import type { Route } from './route.ts';

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .loose()
  .meta({ id: 'Problem', description: 'RFC 9457 problem; `code` is stable, `errors` names wrong fields.' });

/** What any route can answer, by what it takes and who may call it. */
function commonProblems(route: Route): ErrorCode[] {
  const codes: ErrorCode[] = ['request.malformed', 'auth.invalid', 'dependency.unavailable', 'internal'];
  if (route.request) codes.push('request.invalid');
  if (route.request?.body || route.rawBody) codes.push('request.too-large', 'request.unsupported-media-type');
  if (route.access.kind === 'scopes') codes.push('auth.required', 'auth.forbidden');
  return codes;
}

/** Codes that answer with another status than their kind's, where the thing stands in the path. */
function statusOf(code: ErrorCode, route: Route): number[] {
  const status = STATUS_OF_KIND[ERROR_CODES[code].kind];
  if (code !== 'region.unknown') return [status];
  return route.request?.body ? [status, 404] : [404];
}

function problemResponses(route: Route): Record<string, unknown> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...commonProblems(route), ...(route.problems ?? [])])) {
    for (const status of statusOf(code, route)) byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      { description: codes.sort().join(', '), content: { 'application/problem+json': { schema: problemSchema } } },
    ]),
  );
}

function successResponses(route: Route): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(route.responses).map(([status, spec]) => [
      status,
      {
        description: spec.description,
        ...(spec.schema ? { content: { [spec.contentType ?? 'application/json']: { schema: spec.schema } } } : {}),
      },
    ]),
  );
}

function securityOf({ access }: Route): Record<string, string[]>[] {
  if (access.kind === 'scopes') return [{ bearer: [...access.anyOf] }];
  return access.kind === 'anyone' ? [{}, { bearer: [] }] : [{}];
}

function operationOf(route: Route): ZodOpenApiOperationObject {
  const { params, query, body } = route.request ?? {};
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    security: securityOf(route),
    ...(params || query
      ? { requestParams: { ...(params ? { path: params as z.ZodObject } : {}), ...(query ? { query: query as z.ZodObject } : {}) } }
      : {}),
    ...(body ? { requestBody: { content: { 'application/json': { schema: body } } } } : {}),
    responses: { ...problemResponses(route), ...successResponses(route) } as ZodOpenApiOperationObject['responses'],
  };
}

/** The OpenAPI 3.1 document of the mounted routes: what is not mounted is not in it. */
export function createOpenApi(routes: readonly Route[], options: { readonly version: string }): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes.filter((each) => !each.hidden)) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Meridian',
      version: options.version,
      description: 'Control plane of a meeting service that spans regions. Errors are RFC 9457 problems; each code has a page.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    paths,
  });
}
