import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { pause, type SimulatedTime } from './simulated-time.ts';

/**
 * How a region misbehaves on purpose:
 * - `refuse` cuts the connection, `hang` never answers, `slow` answers after `delayMs`;
 * - `unavailable` is a balancer's 503, `redis-away` LiveKit's own 500 when its Redis is gone (`GET /` is then 406);
 * - `wrong-key` answers as a server that does not know our key;
 * - `html`, `garbage`, `giant` and `redirect` are answers of something that is not LiveKit.
 */
export const regionFaultSchema = z.strictObject({
  mode: z.enum([
    'refuse',
    'hang',
    'slow',
    'unavailable',
    'redis-away',
    'wrong-key',
    'html',
    'garbage',
    'giant',
    'redirect',
  ]),
  /** For `slow`, ms. */
  delayMs: z.int().min(0).default(2_000),
  /** Where `redirect` points. */
  location: z.string().default('http://127.0.0.1:9/'),
  /** Twirp methods that are hit (`CreateRoom`); default every path. */
  methods: z.array(z.string()).optional(),
  /** How many requests are hit before it is over; default all until it is taken back. */
  times: z.int().positive().optional(),
});

export type RegionFault = z.output<typeof regionFaultSchema>;

export interface FaultBox {
  set(fault: RegionFault | undefined): void;
  /** The fault that hits this request, counted down. */
  take(path: string): RegionFault | undefined;
}

/** Keeps the region's present fault. */
export function createFaultBox(): FaultBox {
  let fault: RegionFault | undefined;
  let left = Infinity;
  return {
    set(next) {
      fault = next;
      left = next?.times ?? Infinity;
    },
    take(path) {
      if (fault === undefined || left <= 0) return undefined;
      const method = path.slice(path.lastIndexOf('/') + 1);
      if (fault.methods !== undefined && !fault.methods.includes(method)) return undefined;
      left -= 1;
      return fault;
    },
  };
}

/** Gives the spoiled answer. False when the request goes on to its ordinary answer. */
export async function applyFault(
  fault: RegionFault,
  path: string,
  response: ServerResponse,
  time: SimulatedTime,
): Promise<boolean> {
  switch (fault.mode) {
    case 'refuse':
      response.destroy();
      return true;
    case 'hang':
      return true;
    case 'slow':
      await pause(time, fault.delayMs);
      return false;
    case 'unavailable':
      return answer(response, 503, 'text/html', '<html><body>503 Service Temporarily Unavailable</body></html>');
    case 'redis-away':
      return path === '/'
        ? answer(response, 406, 'text/plain', 'Not Ready\nNode Updated At 2026-01-01 00:00:00')
        : answer(response, 500, 'application/json', REDIS_AWAY);
    case 'wrong-key':
      return answer(response, 401, 'text/plain; charset=utf-8', 'invalid API key: of another region');
    case 'html':
      return answer(response, 200, 'text/html', '<html><body>It works!</body></html>');
    case 'garbage':
      return answer(response, 200, 'application/json', '{"rooms": 7, "status"');
    case 'giant':
      return stream(response);
    case 'redirect':
      response.setHeader('location', fault.location);
      return answer(response, 307, 'text/plain', 'moved');
  }
}

const REDIS_AWAY = JSON.stringify({ code: 'unknown', msg: 'dial tcp 127.0.0.1:6379: connect: connection refused' });

function answer(response: ServerResponse, status: number, contentType: string, body: string): true {
  response.writeHead(status, { 'content-type': contentType }).end(body);
  return true;
}

/** An answer without end, for as long as somebody reads it. */
function stream(response: ServerResponse): true {
  response.writeHead(200, { 'content-type': 'application/json' });
  const block = Buffer.alloc(64 * 1024, ' ');
  const more = (): void => {
    while (!response.destroyed && response.write(block));
  };
  response.on('drain', more);
  more();
  return true;
}
