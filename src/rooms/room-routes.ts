import { readIfMatch, revisionTag } from '../platform/http/if-match.ts';
import { type Reply, type Route, defineRoute, scopes } from '../platform/http/route.ts';
import { pageQuerySchema } from '../platform/http/wire.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import { byOf, ownTenant } from '../tenants/tenants-module.ts';
import { fitsNowhere } from './region-rules.ts';
import type { KnownRegion } from './room.ts';
import { type RoomSchemas, effectivePolicySchema, roomPageSchema, roomParamsSchema, roomSchema } from './room-schemas.ts';
import type { RoomService, RoomView } from './room-service.ts';
import { toPolicyWire, toWire } from './room-wire.ts';

export interface RoomRoutesDependencies {
  readonly rooms: RoomService;
  readonly schemas: RoomSchemas;
  readonly regions: () => readonly KnownRegion[];
  readonly publicUrl: string;
  readonly logger: Logger;
}

/** A structured field (RFC 9651): the code is that of a placement which leaves the region out for this reason. */
const FITS_NOWHERE = 'OVER_CAPACITY; detail="no region that this room may use can hold maxParticipants; nobody can enter until one can"';

export function createRoomRoutes(dependencies: RoomRoutesDependencies): Route[] {
  return [...readRoutes(dependencies), ...writeRoutes(dependencies)];
}

function readRoutes({ rooms }: RoomRoutesDependencies): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/rooms',
      operationId: 'listRooms',
      summary: 'The rooms of the tenant, newest first',
      tag: 'Rooms',
      access: scopes('rooms:read'),
      request: { query: pageQuerySchema },
      responses: { 200: { description: 'A page of rooms', schema: roomPageSchema } },
      handler: async ({ query }, call) => {
        const { items, nextCursor } = await rooms.list(ownTenant(call), query);
        return { status: 200, body: { items: items.map(toWire), nextCursor } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/rooms/{room}',
      operationId: 'getRoom',
      summary: 'One room, by id or slug',
      tag: 'Rooms',
      access: scopes('rooms:read'),
      request: { params: roomParamsSchema },
      responses: { 200: { description: 'The room', schema: roomSchema, headers: ['ETag'] } },
      problems: ['room.not-found'],
      handler: async ({ params }, call) => tagged(200, await rooms.get(ownTenant(call), params.room)),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/rooms/{room}/effective-policy',
      operationId: 'getEffectivePolicy',
      summary: 'Every value in force for a room, and where it comes from',
      tag: 'Rooms',
      access: scopes('rooms:read'),
      request: { params: roomParamsSchema },
      responses: { 200: { description: 'The values', schema: effectivePolicySchema } },
      problems: ['room.not-found'],
      handler: async ({ params }, call) => ({ status: 200, body: toPolicyWire(await rooms.get(ownTenant(call), params.room)) }),
    }),
  ];
}

function writeRoutes({ rooms, schemas, regions, publicUrl, logger }: RoomRoutesDependencies): Route[] {
  /** A room that fits nowhere is kept, and its maker is told: S1-08. */
  function warned(reply: Reply, { room, effective }: RoomView): Reply {
    if (!fitsNowhere(effective, regions())) return reply;
    logger.info({ room: room.id, maxParticipants: effective.maxParticipants.value }, 'no region can hold this room');
    return { ...reply, headers: { ...reply.headers, 'Meridian-Warning': FITS_NOWHERE } };
  }

  return [
    defineRoute({
      method: 'post',
      path: '/v1/rooms',
      operationId: 'createRoom',
      summary: 'Make a room; everything has a default',
      tag: 'Rooms',
      access: scopes('rooms:write'),
      request: { body: schemas.content },
      responses: { 201: { description: 'The room', schema: roomSchema, headers: ['ETag', 'Location', 'Meridian-Warning'] } },
      problems: ['room.slug-taken', 'region.unknown', 'region.not-allowed'],
      handler: async ({ body }, call) => {
        const view = await rooms.create(ownTenant(call), body, byOf(call));
        return warned(tagged(201, view, { Location: `${publicUrl}/v1/rooms/${view.room.id}` }), view);
      },
    }),
    defineRoute({
      method: 'patch',
      path: '/v1/rooms/{room}',
      operationId: 'patchRoom',
      summary: 'Change a room by a merge patch (RFC 7396)',
      tag: 'Rooms',
      access: scopes('rooms:write'),
      request: { params: roomParamsSchema, body: schemas.patch },
      responses: { 200: { description: 'The room', schema: roomSchema, headers: ['ETag', 'Meridian-Warning'] } },
      problems: ['room.not-found', 'room.slug-taken', 'room.revision-conflict', 'region.unknown', 'region.not-allowed'],
      handler: async ({ params, body }, call) => {
        const precondition = readIfMatch(call.header('if-match'));
        const view = await rooms.update(ownTenant(call), params.room, { patch: body, precondition }, byOf(call));
        return warned(tagged(200, view), view);
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/rooms/{room}',
      operationId: 'deleteRoom',
      summary: 'Delete a room; its live session is closed and its slug is free again',
      tag: 'Rooms',
      access: scopes('rooms:write'),
      request: { params: roomParamsSchema },
      responses: { 204: { description: 'Deleted' } },
      problems: ['room.not-found'],
      handler: async ({ params }, call) => {
        await rooms.remove(ownTenant(call), params.room, byOf(call));
        return { status: 204 };
      },
    }),
  ];
}

function tagged(status: number, view: RoomView, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, body: toWire(view), headers: { ETag: revisionTag(view.room.revision), ...headers } };
}
