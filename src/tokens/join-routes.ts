import { z } from 'zod';
import { isId } from '../kernel/ids.ts';
import { ANYONE, type Call, type Reply, type Route, defineRoute } from '../platform/http/route.ts';
import { isoTime } from '../platform/http/wire.ts';
import { type RoomDirectory, type RoomEntry, roomNotFound } from '../rooms/rooms-module.ts';
import { DEFAULT_TENANT, ownTenant } from '../tenants/tenants-module.ts';
import { joinAnswerSchema, joinBodySchema, joinQuerySchema } from './join-schemas.ts';
import type { Joined } from './join.ts';
import { type JoinService, hideCandidates } from './join-service.ts';

/** Codes that both ways to a token can answer. */
export const JOIN_PROBLEMS = [
  'auth.required', 'auth.forbidden', 'room.not-found', 'room.full', 'region.not-allowed',
  'placement.no-region', 'placement.pinned-unavailable',
] as const;

/** A token is for whoever asked: no cache between may keep it. */
export const NO_STORE = Object.freeze({ 'Cache-Control': 'no-store' });

/**
 * The room that a caller means. A credential sees its own tenant only; without one a room is known by its id, or by
 * its slug in a tenant.
 * @throws AppError `room.not-found`.
 */
export async function findRoom(directory: RoomDirectory, call: Call, room: string, guestTenant = DEFAULT_TENANT): Promise<RoomEntry> {
  const found = call.actor.kind === 'guest'
    ? isId('room', room) ? directory.get(room) : directory.find(guestTenant, room)
    : directory.find(ownTenant(call), room);
  const entry = found instanceof Promise ? await found : found;
  if (!entry) throw roomNotFound();
  return entry;
}

export function createJoinRoute({ joins, directory }: { readonly joins: JoinService; readonly directory: RoomDirectory }): Route {
  return defineRoute({
    method: 'post',
    path: '/v1/rooms/{room}/join',
    operationId: 'joinRoom',
    summary: 'Get what a client enters the room with: the right server and a token for it',
    tag: 'Join',
    access: ANYONE,
    cors: true,
    request: { params: z.strictObject({ room: z.string() }), query: joinQuerySchema, body: joinBodySchema },
    responses: { 200: { description: 'Admitted', schema: joinAnswerSchema } },
    problems: [...JOIN_PROBLEMS, 'region.unknown'],
    handler: async ({ params, query, body }, call) => {
      try {
        const entry = await findRoom(directory, call, params.room, query.tenant);
        return toReply(await joins.join(entry, body, call));
      } catch (error) {
        throw hideCandidates(error, call.actor);
      }
    },
  });
}

function toReply({ admission, entry, session, region, token, expiresAt, decision }: Joined): Reply {
  const { id, slug, name } = entry.room;
  return {
    status: 200,
    headers: NO_STORE,
    body: {
      status: 'admitted',
      serverUrl: region.publicUrl,
      participantToken: token,
      expiresAt: isoTime(expiresAt),
      identity: admission.identity,
      role: admission.role,
      room: { id, slug, name },
      session: { id: session.id, epoch: session.epoch },
      region: { id: region.id, name: region.name },
      decision,
      ...(admission.rejoinToken === undefined ? {} : { rejoinToken: admission.rejoinToken }),
    },
  };
}
