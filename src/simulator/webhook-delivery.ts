import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { signToken } from './access-token.ts';
import type { RegionEvent } from './region-event.ts';
import { webhookMessage } from './simulated-message.ts';
import type { SimulatedRegionConfig } from './simulator-config.ts';

/** One event on its way: bytes and token are made once, for all attempts. */
export interface WebhookDelivery {
  readonly id: string;
  readonly type: string;
  readonly room: string;
  readonly body: string;
  readonly token: string;
  readonly queuedAtMs: number;
}

export interface ReceiverAnswer {
  /** 0 when nothing answered. */
  readonly status: number;
  readonly retryAfterMs: number | undefined;
}

/** LiveKit signs a webhook's token for five minutes. */
const TOKEN_SECONDS = 5 * 60;

export function makeDelivery(
  config: SimulatedRegionConfig,
  event: RegionEvent,
  id: string,
  nowMs: number,
): WebhookDelivery {
  const body = JSON.stringify(webhookMessage(event, id, nowMs));
  const seconds = Math.floor(nowMs / 1000);
  const token = signToken(config.webhookKey, config.keys[config.webhookKey] ?? '', {
    nbf: seconds,
    iat: seconds,
    exp: seconds + TOKEN_SECONDS,
    sha256: createHash('sha256').update(body).digest('base64'),
  });
  return { id, type: event.type, room: event.room.name, body, token, queuedAtMs: nowMs };
}

export interface WebhookPoster {
  post: (delivery: WebhookDelivery) => Promise<ReceiverAnswer>;
  close: () => void;
}

/** Posts to the region's receiver; never throws. */
export function createWebhookPoster(url: string): WebhookPoster {
  const transport = url.startsWith('https:') ? https : http;
  const agent = new transport.Agent({ keepAlive: true, maxSockets: 256 });
  return {
    post: ({ token, body }) =>
      new Promise((resolve) => {
        const headers = {
          authorization: token,
          'content-type': 'application/webhook+json',
          'user-agent': 'Go-http-client/1.1',
          'content-length': Buffer.byteLength(body),
        };
        const request = transport.request(url, { method: 'POST', agent, headers });
        request.on('response', (response) => {
          response.resume();
          resolve({ status: response.statusCode ?? 0, retryAfterMs: retryAfter(response) });
        });
        request.on('error', () => resolve({ status: 0, retryAfterMs: undefined }));
        request.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** What LiveKit's client tries again; any other answer counts as delivered. */
export function isRetried(status: number): boolean {
  return status === 0 || status === 429 || (status >= 500 && status !== 501);
}

function retryAfter(response: http.IncomingMessage): number | undefined {
  const seconds = Number(response.headers['retry-after'] ?? '');
  const honoured = response.statusCode === 429 || response.statusCode === 503;
  return honoured && seconds > 0 ? seconds * 1000 : undefined;
}
