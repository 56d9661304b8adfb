import { z } from 'zod';
import { actorName } from '../platform/http/actor.ts';
import { defineRoute, type Route, scopes, SIGNED } from '../platform/http/route.ts';
import { idParamsSchema, isoTime, pageQuerySchema, pageSchema, timeSchema } from '../platform/http/wire.ts';
import { INBOUND_STATES, type InboundEvent } from './inbound-event.ts';
import type { InboundService } from './inbound-service.ts';

/** LiveKit's own messages are a few kB; participants' metadata may make them longer. */
const WEBHOOK_BODY_LIMIT = 256 * 1024;

const inboundEventSchema = z
  .object({
    id: z.string(),
    region: z.string(),
    eventId: z.string().describe('LiveKit\'s id of the event'),
    type: z.string().describe('LiveKit\'s name of the event'),
    receivedAt: timeSchema,
    state: z.enum(INBOUND_STATES),
    error: z.string().nullable().describe('Why the last attempt to handle it failed'),
  })
  .meta({ id: 'InboundEvent' });

const listQuerySchema = pageQuerySchema.extend({
  region: z.string().max(100).optional(),
  type: z.string().max(100).optional(),
  state: z.enum(INBOUND_STATES).optional(),
});

export function createInboundRoutes({ inbound }: { readonly inbound: InboundService }): Route[] {
  return [
    receiveRoute(inbound),
    defineRoute({
      method: 'get',
      path: '/v1/ops/inbound-events',
      operationId: 'listInboundEvents',
      summary: 'Webhooks received from LiveKit, newest first',
      tag: 'Operators',
      access: scopes('ops:read'),
      request: { query: listQuerySchema },
      responses: { 200: { description: 'The ledger', schema: pageSchema(inboundEventSchema) } },
      handler: async ({ query: { limit, cursor, ...filter } }) => {
        const { items, nextCursor } = await inbound.list(filter, { limit, cursor });
        return { status: 200, body: { items: items.map(toWire), nextCursor } };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/ops/inbound-events/{id}/replay',
      operationId: 'replayInboundEvent',
      summary: 'Hand a stored webhook to its handlers again',
      tag: 'Operators',
      access: scopes('ops:write'),
      request: { params: idParamsSchema },
      responses: { 202: { description: 'It is due now', schema: inboundEventSchema } },
      problems: ['inbound-event.not-found'],
      handler: async ({ params }, { actor, requestId }) => {
        const event = await inbound.replay(params.id, { actor: actorName(actor), requestId });
        return { status: 202, body: toWire(event) };
      },
    }),
  ];
}

function receiveRoute(inbound: InboundService): Route {
  return defineRoute({
    method: 'post',
    path: '/webhooks/livekit/{region}',
    operationId: 'receiveLivekitWebhook',
    summary: 'Take a webhook from a region\'s LiveKit; 200 means that it is stored',
    tag: 'LiveKit',
    access: SIGNED,
    rawBody: true,
    bodyLimit: WEBHOOK_BODY_LIMIT,
    request: { params: z.strictObject({ region: z.string() }) },
    responses: { 200: { description: 'Stored, or known already' } },
    problems: ['region.unknown'],
    handler: async ({ params, raw }, call) => {
      await inbound.receive({ region: params.region, authorization: call.header('authorization'), body: raw });
      return { status: 200 };
    },
  });
}

function toWire(event: InboundEvent): z.output<typeof inboundEventSchema> {
  return { ...event, receivedAt: isoTime(event.receivedAt) };
}
