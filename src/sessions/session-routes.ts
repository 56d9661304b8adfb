import { z } from 'zod';
import { type Route, defineRoute, scopes } from '../platform/http/route.ts';
import { idParamsSchema, pageQuerySchema, pageSchema } from '../platform/http/wire.ts';
import type { Room } from '../rooms/rooms-module.ts';
import { byOf, ownTenant } from '../tenants/tenants-module.ts';
import { noPlacementYet } from './session-errors.ts';
import { opsSessionQuerySchema, opsSessionSchema, sessionSchema, toOpsWire, toWire } from './session-schemas.ts';
import type { SessionService } from './session-service.ts';
import type { SessionFilter } from './session.ts';

/** Decisions in their wire form, from the placements. */
export interface DecisionReader {
  readonly schema: z.ZodType;
  find(id: string, tenantId: string): Promise<unknown>;
}

export interface SessionRoutesDependencies {
  readonly sessions: SessionService;
  readonly decisions: DecisionReader;
  /** @throws AppError `room.not-found`, also for another tenant's. */
  readonly getRoom: (tenantId: string, idOrSlug: string) => Promise<Pick<Room, 'id' | 'tenantId'>>;
}

const roomParams = z.strictObject({ room: z.string() });

export function createSessionRoutes(dependencies: SessionRoutesDependencies): Route[] {
  return [...roomRoutes(dependencies), ...sessionRoutes(dependencies)];
}

function roomRoutes({ sessions, decisions, getRoom }: SessionRoutesDependencies): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/rooms/{room}/sessions',
      operationId: 'listRoomSessions',
      summary: 'The sessions of a room, newest first',
      tag: 'Sessions',
      access: scopes('rooms:read'),
      request: { params: roomParams, query: pageQuerySchema },
      responses: { 200: { description: 'A page of sessions', schema: pageSchema(sessionSchema) } },
      problems: ['room.not-found'],
      handler: async ({ params, query }, call) => {
        const room = await getRoom(ownTenant(call), params.room);
        const { items, nextCursor } = await sessions.list({ roomId: room.id }, query);
        return { status: 200, body: { items: items.map(toWire), nextCursor } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/rooms/{room}/placement',
      operationId: 'getRoomPlacement',
      summary: 'Why the live or last session of a room is where it is',
      tag: 'Placement',
      access: scopes('rooms:read'),
      request: { params: roomParams },
      responses: { 200: { description: 'The whole decision', schema: decisions.schema } },
      problems: ['room.not-found', 'session.not-found'],
      handler: async ({ params }, call) => {
        const room = await getRoom(ownTenant(call), params.room);
        const session = await sessions.findNewest(room.id);
        const decision = session && (await decisions.find(session.decisionId, room.tenantId));
        if (!decision) throw noPlacementYet();
        return { status: 200, body: decision };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/rooms/{room}/end',
      operationId: 'endRoom',
      summary: 'End the meeting of a room, if there is one',
      tag: 'Sessions',
      access: scopes('rooms:write'),
      request: { params: roomParams },
      responses: { 202: { description: 'Ended; LiveKit closes the room now' } },
      problems: ['room.not-found'],
      handler: async ({ params }, call) => {
        await sessions.end(await getRoom(ownTenant(call), params.room), byOf(call));
        return { status: 202 };
      },
    }),
  ];
}

function sessionRoutes({ sessions }: SessionRoutesDependencies): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/sessions/{id}',
      operationId: 'getSession',
      summary: 'One session',
      tag: 'Sessions',
      access: scopes('rooms:read'),
      request: { params: idParamsSchema },
      responses: { 200: { description: 'The session', schema: sessionSchema } },
      problems: ['session.not-found'],
      handler: async ({ params }, call) => ({ status: 200, body: toWire(await sessions.get(params.id, ownTenant(call))) }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/ops/sessions',
      operationId: 'listSessions',
      summary: 'Sessions of all tenants, newest first',
      tag: 'Operators',
      access: scopes('ops:read'),
      request: { query: opsSessionQuerySchema },
      responses: { 200: { description: 'A page of sessions', schema: pageSchema(opsSessionSchema) } },
      handler: async ({ query }) => {
        const { items, nextCursor } = await sessions.list(filterOf(query), query);
        return { status: 200, body: { items: items.map(toOpsWire), nextCursor } };
      },
    }),
  ];
}

function filterOf({ region, tenant, open }: z.output<typeof opsSessionQuerySchema>): SessionFilter {
  return {
    ...(region === undefined ? {} : { region }),
    ...(tenant === undefined ? {} : { tenantId: tenant }),
    ...(open === undefined ? {} : { open: open === 'true' }),
  };
}
