import { z } from 'zod';
import { readIfMatch, revisionTag } from '../platform/http/if-match.ts';
import { DOCUMENT_BODY_LIMIT } from '../platform/http/request-body.ts';
import { type Call, type Reply, type Route, defineRoute, scopes } from '../platform/http/route.ts';
import { idParamsSchema, pageQuerySchema, pageSchema } from '../platform/http/wire.ts';
import { byOf } from '../tenants/tenants-module.ts';
import { unknownRegion } from './region-directory.ts';
import { regionBodySchema, regionIdSchema } from './region-document.ts';
import type { Probe } from './region-health.ts';
import { invalidDocument } from './region-problem.ts';
import { regionHealthSchema, regionListSchema, regionSchema, revisionSchema } from './region-schemas.ts';
import type { RegionCall } from './region-edits.ts';
import type { RegionService } from './region-service.ts';
import { toWireHealth, toWireRegion, toWireRevision } from './region-wire.ts';
import type { AdminState, Region, RegionView } from './region.ts';

export interface RegionOpsRouteOptions {
  readonly regions: RegionService;
  readonly newestRevision: () => number;
  readonly listViews: () => readonly RegionView[];
  readonly findView: (id: string) => RegionView | undefined;
  readonly probesOf: (id: string) => readonly Probe[];
  /** ISO times of the last use of a region's keys, by the key's id. */
  readonly keyUsesOf: (id: string) => Readonly<Record<string, string>>;
}

const TAG = 'Operators';
const ITEM = '/v1/ops/regions/{id}';
const READ = { tag: TAG, access: scopes('ops:read') } as const;
const WRITE = { tag: TAG, access: scopes('ops:write') } as const;
const one = (description: string) => ({ description, schema: regionSchema, headers: ['ETag'] });

/** The registry of regions, for operators. Every answer with a region carries the tag of the newest revision. */
export function createRegionOpsRoutes(options: RegionOpsRouteOptions): Route[] {
  return [...readRoutes(options), ...writeRoutes(options), ...stateRoutes(options)];
}

function callOf(call: Call): RegionCall {
  return { by: byOf(call), precondition: readIfMatch(call.header('if-match')) };
}

function tagged(options: RegionOpsRouteOptions, status: number, body: unknown): Reply {
  return { status, body, headers: { ETag: revisionTag(options.newestRevision()) } };
}

function answerRegion(options: RegionOpsRouteOptions, status: number, id: string): Reply {
  const view = options.findView(id);
  if (view === undefined) throw unknownRegion('path');
  return tagged(options, status, toWireRegion(view, options.keyUsesOf(id)));
}

function readRoutes(options: RegionOpsRouteOptions): Route[] {
  const { regions, listViews, findView, keyUsesOf, probesOf } = options;
  return [
    defineRoute({
      ...READ,
      method: 'get',
      path: '/v1/ops/regions',
      operationId: 'listOpsRegions',
      summary: 'All regions with their configuration and health, by id, without secrets',
      responses: { 200: { description: 'The regions', schema: regionListSchema, headers: ['ETag'] } },
      handler: () => tagged(options, 200, { items: listViews().map((view) => toWireRegion(view, keyUsesOf(view.region.id))) }),
    }),
    defineRoute({
      ...READ,
      method: 'get',
      path: ITEM,
      operationId: 'getOpsRegion',
      summary: 'One region with its configuration and health, without secrets',
      request: { params: idParamsSchema },
      responses: { 200: one('The region') },
      problems: ['region.unknown'],
      handler: ({ params }) => answerRegion(options, 200, params.id),
    }),
    defineRoute({
      ...READ,
      method: 'get',
      path: `${ITEM}/health`,
      operationId: 'getRegionHealth',
      summary: 'Health of a region with the newest probes, as the answering replica sees it',
      request: { params: idParamsSchema },
      responses: { 200: { description: 'Its health', schema: regionHealthSchema } },
      problems: ['region.unknown'],
      handler: ({ params }) => {
        const view = findView(params.id);
        if (view === undefined) throw unknownRegion('path');
        return { status: 200, body: toWireHealth(params.id, view.health, probesOf(params.id)) };
      },
    }),
    defineRoute({
      ...READ,
      method: 'get',
      path: '/v1/ops/config/revisions',
      operationId: 'listConfigRevisions',
      summary: 'Who changed the region configuration, when, and which fields; newest first',
      request: { query: pageQuerySchema },
      responses: { 200: { description: 'The revisions', schema: pageSchema(revisionSchema) } },
      handler: async ({ query }) => {
        const { items, nextCursor } = await regions.listRevisions(query);
        return { status: 200, body: { items: items.map(toWireRevision), nextCursor } };
      },
    }),
  ];
}

function writeRoutes(options: RegionOpsRouteOptions): Route[] {
  const { regions } = options;
  return [
    defineRoute({
      ...WRITE,
      method: 'put',
      path: ITEM,
      operationId: 'putRegion',
      summary: 'Make or replace a region; a secret that is left out stays as it is stored',
      bodyLimit: DOCUMENT_BODY_LIMIT,
      request: { params: z.strictObject({ id: regionIdSchema }), body: regionBodySchema },
      responses: { 200: one('Replaced'), 201: one('Made') },
      problems: ['region.revision-conflict'],
      handler: async ({ params, body }, call) => {
        if (body.id !== undefined && body.id !== params.id) throw invalidDocument([{ path: 'id', message: 'differs from the id in the path' }]);
        const { created } = await regions.put({ ...body, id: params.id }, callOf(call));
        return answerRegion(options, created ? 201 : 200, params.id);
      },
    }),
    defineRoute({
      ...WRITE,
      method: 'patch',
      path: ITEM,
      operationId: 'patchRegion',
      summary: 'Change a region by a merge patch (RFC 7396) of its document',
      bodyLimit: DOCUMENT_BODY_LIMIT,
      request: { params: idParamsSchema, body: z.record(z.string(), z.unknown()) },
      responses: { 200: one('The region') },
      problems: ['region.unknown', 'region.revision-conflict'],
      handler: async ({ params, body }, call) => {
        await regions.patch(params.id, body, callOf(call));
        return answerRegion(options, 200, params.id);
      },
    }),
    defineRoute({
      ...WRITE,
      method: 'delete',
      path: ITEM,
      operationId: 'deleteRegion',
      summary: 'Remove a region that nothing stands in',
      request: { params: idParamsSchema },
      responses: { 204: { description: 'Removed' } },
      problems: ['region.unknown', 'region.in-use', 'region.revision-conflict'],
      handler: async ({ params }, call) => {
        await regions.remove(params.id, callOf(call));
        return { status: 204 };
      },
    }),
  ];
}

const STATE_ACTIONS: readonly { readonly action: string; readonly state: AdminState; readonly summary: string }[] = [
  { action: 'cordon', state: 'cordoned', summary: 'Keep new sessions out; live ones stay' },
  { action: 'enable', state: 'enabled', summary: 'Let new sessions in again' },
  { action: 'disable', state: 'disabled', summary: 'Take the region out of use; live sessions stay' },
];

function stateRoutes(options: RegionOpsRouteOptions): Route[] {
  const { regions } = options;
  const act = (action: string, summary: string, status: 200 | 202, run: (id: string, call: RegionCall) => Promise<Region>): Route =>
    defineRoute({
      ...WRITE,
      method: 'post',
      path: `${ITEM}/${action}`,
      operationId: `${action}Region`,
      summary,
      request: { params: idParamsSchema },
      responses: { [status]: one('The region') },
      problems: ['region.unknown', 'region.revision-conflict'],
      handler: async ({ params }, call) => {
        await run(params.id, callOf(call));
        return answerRegion(options, status, params.id);
      },
    });
  return [
    ...STATE_ACTIONS.map(({ action, state, summary }) => act(action, summary, 200, (id, call) => regions.setState(id, state, call))),
    act('abandon', 'Cordon the region and close all its open sessions at once: their rooms reopen elsewhere', 202, regions.abandon),
  ];
}
