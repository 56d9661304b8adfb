import { z } from 'zod';
import { checkAccessToken } from './access-token.ts';
import { regionFaultSchema } from './region-fault.ts';
import type { SimulatedRegion } from './simulated-region.ts';
import type { SimulatedTime } from './simulated-time.ts';
import { NO_WEBHOOK_FAULT } from './webhook-sender.ts';

export interface ControlRequest {
  readonly method: string;
  /** Below `/simulator/`, decoded. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
}

const webhookFaultSchema = z.strictObject({
  drop: z.union([z.int().min(0), z.literal('all')]).default(0),
  duplicates: z.int().min(0).default(0),
  delayMs: z.int().min(0).default(0),
  types: z.array(z.string()).optional().transform((types) => types),
});
const joinSchema = z.strictObject({ token: z.string() });
const restartSchema = z.strictObject({ keepState: z.boolean().default(true) });
const sourceSchema = z.strictObject({
  source: z.enum(['CAMERA', 'MICROPHONE', 'SCREEN_SHARE', 'SCREEN_SHARE_AUDIO']).default('MICROPHONE'),
});

const DONE: ControlAnswer = { status: 200, body: {} };
const NOT_FOUND: ControlAnswer = { status: 404, body: { error: 'no such thing in this region' } };

/**
 * The control API: what clients, crashes and bad networks do, and the truth afterwards.
 * @throws PlainRefusal when a join is turned away; ZodError when a body is not as described in the documentation
 */
export async function answerControl(
  region: SimulatedRegion,
  time: SimulatedTime,
  request: ControlRequest,
): Promise<ControlAnswer> {
  const [first = '', ...rest] = request.segments;
  switch (`${request.method} ${first}`) {
    case 'GET log':
      return { status: 200, body: { items: region.log.listAfter(Number(request.query.get('after') ?? 0)) } };
    case 'GET rooms':
      return { status: 200, body: { items: listTruth(region) } };
    case 'POST participants':
      return join(region, time, joinSchema.parse(request.body).token);
    case 'DELETE rooms':
    case 'POST rooms':
      return actOnRoom(region, request, rest);
    case 'PUT fault':
      region.faults.set(regionFaultSchema.parse(request.body));
      return DONE;
    case 'DELETE fault':
      region.faults.set(undefined);
      return DONE;
    case 'PUT webhooks': {
      const { types, ...fault } = webhookFaultSchema.parse(request.body);
      region.webhooks.setFault({ ...fault, types });
      return DONE;
    }
    case 'DELETE webhooks':
      region.webhooks.setFault(NO_WEBHOOK_FAULT);
      return DONE;
    default:
      return befall(region, `${request.method} ${first}`, request.body);
  }
}

/** What happens to the region as a whole. */
function befall(region: SimulatedRegion, what: string, body: unknown): ControlAnswer {
  switch (what) {
    case 'POST kill':
      region.outages.kill();
      return DONE;
    case 'POST restart':
      region.outages.restart(restartSchema.parse(body ?? {}).keepState);
      return DONE;
    case 'POST drain':
      region.outages.drain();
      return DONE;
    case 'POST empty-redis':
      region.outages.emptyRedis();
      return DONE;
    default:
      return NOT_FOUND;
  }
}

async function join(region: SimulatedRegion, time: SimulatedTime, token: string): Promise<ControlAnswer> {
  const claims = checkAccessToken(token, region.config.keys, time.nowMs());
  const { sid, identity, roomSid, permission, kind } = await region.join(claims);
  return { status: 200, body: { sid, identity, room: claims.video?.room, roomSid, permission, kind } };
}

/** `rooms/{room}/participants/{identity}[/tracks]` and `rooms/{room}/lose-node`. */
function actOnRoom(region: SimulatedRegion, request: ControlRequest, path: readonly string[]): ControlAnswer {
  const [room = '', what, identity = '', tracks] = path;
  if (request.method === 'POST' && what === 'lose-node') {
    region.outages.loseNode([room]);
    return DONE;
  }
  if (what !== 'participants') return NOT_FOUND;
  if (request.method === 'DELETE') {
    const reason = request.query.get('reason') ?? 'CLIENT_INITIATED';
    return region.clients.leave(room, identity, reason) ? DONE : NOT_FOUND;
  }
  if (tracks !== 'tracks') return NOT_FOUND;
  const track = region.clients.publish(room, identity, sourceSchema.parse(request.body ?? {}).source);
  return track === undefined ? NOT_FOUND : { status: 200, body: track };
}

/** Who really is where, whatever the lists say. */
function listTruth(region: SimulatedRegion): unknown[] {
  return [...region.state.live.values()].map(({ room, participants }) => ({
    name: room.name,
    sid: room.sid,
    listed: region.state.stored.has(room.name),
    participants: [...participants.values()].map(({ sid, identity, kind, permission }) => ({
      sid,
      identity,
      kind,
      permission,
    })),
  }));
}
