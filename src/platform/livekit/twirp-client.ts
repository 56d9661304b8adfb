import { z } from 'zod';
import { sortRefusal, troubleBefore, type TwirpError } from './livekit-failure.ts';
import { createBulkhead, type Bulkhead } from './region-bulkhead.ts';
import { createRegionHttp, type RegionAnswer } from './region-http.ts';

/** What an admin token of ours may do; the smallest set is signed for each call. */
export interface LivekitAdminGrant {
  readonly roomCreate?: true;
  readonly roomList?: true;
  readonly roomAdmin?: true;
  readonly roomRecord?: true;
  /** The one room that `roomAdmin` is for. */
  readonly room?: string;
}

/**
 * Calls that must not wait for one another. A region that hangs fills one lane and leaves the others: joins do not
 * wait for the reconciler, and the health probe does not wait for joins.
 */
export type CallLane = 'join' | 'look' | 'health' | 'background' | 'node-probe';

/** Calls in flight for each lane, region and process. Joins: 16, by the domain; the rest is what loopback tests bear. */
const LANE_LIMITS: Readonly<Record<CallLane, number>> = {
  join: 16,
  look: 16,
  health: 2,
  background: 8,
  'node-probe': 16,
};
const MAX_QUEUED = 1_000;

export interface CallOptions {
  /** The deadline of the call itself, ms; waiting for a place in the lane is not counted. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** How long to wait for a place in the lane, ms. Default: as long as the call may take. */
  readonly queueTimeoutMs?: number | undefined;
  readonly lane?: CallLane | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TwirpCall<T> {
  /** `RoomService/CreateRoom` */
  readonly route: `${string}/${string}`;
  readonly grant: LivekitAdminGrant;
  readonly body: Readonly<Record<string, unknown>>;
  readonly answer: z.ZodType<T>;
  readonly lane: CallLane;
  readonly maxBytes?: number;
}

export interface TwirpClient {
  /** @throws LivekitFailure; or the signal's reason when the caller aborts. */
  call<T>(call: TwirpCall<T>, options: CallOptions): Promise<T>;
  close(): void;
}

const DEFAULT_TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** A room takes under 1 kB, so this is more rooms than a region holds. */
export const LIST_MAX_BYTES = 32 * 1024 * 1024;

/** LiveKit's API (Twirp with JSON) on one region, bounded in every direction. */
export function createTwirpClient(dependencies: {
  readonly apiUrl: string;
  readonly signAdminToken: (grant: LivekitAdminGrant) => string;
}): TwirpClient {
  const lanes = makeLanes();
  const maxSockets = Object.values(LANE_LIMITS).reduce((sum, limit) => sum + limit, 0);
  const http = createRegionHttp({ apiUrl: dependencies.apiUrl, maxSockets });

  return {
    call(call, options) {
      const method = call.route.slice(call.route.indexOf('/') + 1);
      const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      const queueTimeoutMs = options.queueTimeoutMs ?? timeoutMs;
      const { signal } = options;
      return lanes[options.lane ?? call.lane].run({ method, queueTimeoutMs, signal }, async () => {
        const answer = await http.post({
          method,
          path: `twirp/livekit.${call.route}`,
          token: dependencies.signAdminToken(call.grant),
          body: JSON.stringify(call.body),
          maxBytes: call.maxBytes ?? MAX_ANSWER_BYTES,
          timeoutMs,
          signal,
        });
        return decodeAnswer(method, call.answer, answer);
      });
    },
    close: () => http.close(),
  };
}

function makeLanes(): Readonly<Record<CallLane, Bulkhead>> {
  const lane = (name: CallLane): Bulkhead =>
    createBulkhead({ maxInFlight: LANE_LIMITS[name], maxQueued: MAX_QUEUED });
  return {
    join: lane('join'),
    look: lane('look'),
    health: lane('health'),
    background: lane('background'),
    'node-probe': lane('node-probe'),
  };
}

const twirpErrorSchema = z.object({ code: z.string(), msg: z.string().default('') });

function decodeAnswer<T>(method: string, schema: z.ZodType<T>, answer: RegionAnswer): T {
  const json = parseJson(answer);
  if (answer.status !== 200) throw sortRefusal(method, answer.status, asTwirpError(json));
  const decoded = schema.safeParse(json);
  if (!decoded.success) throw troubleBefore(method, 'unreadable', 'answered 200 with something that is not LiveKit\'s');
  return decoded.data;
}

function asTwirpError(json: unknown): TwirpError | undefined {
  return twirpErrorSchema.safeParse(json).data;
}

function parseJson(answer: RegionAnswer): unknown {
  try {
    return JSON.parse(answer.body.toString('utf8'));
  } catch {
    return undefined;
  }
}
