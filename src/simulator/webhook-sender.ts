import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { signToken } from './access-token.ts';
import type { RegionEvent } from './region-state.ts';
import { webhookMessage } from './simulated-message.ts';
import type { SimulatedRegionConfig } from './simulator-config.ts';
import { pause, type SimulatedTime } from './simulated-time.ts';
import type { TruthLog } from './truth-log.ts';

/** How deliveries are spoiled on purpose. Events of other types than `types` are left alone. */
export interface WebhookFault {
  /** This many of the next events are never sent; `all` until taken back. */
  readonly drop: number | 'all';
  /** Further copies of each delivery. */
  readonly duplicates: number;
  /** Held back this long before they queue, so that they may arrive out of order. */
  readonly delayMs: number;
  readonly types: readonly string[] | undefined;
}

export const NO_WEBHOOK_FAULT: WebhookFault = { drop: 0, duplicates: 0, delayMs: 0, types: undefined };

interface Delivery {
  readonly id: string;
  readonly type: string;
  readonly room: string;
  readonly body: string;
  readonly token: string;
  readonly queuedAtMs: number;
}

/** LiveKit's notifier: an event that waited longer is dropped, a queue holds this many, and no more tries than five. */
const MAX_AGE_MS = 30_000;
const MAX_QUEUED = 200;
/** Waits between the five attempts, ms: 1, 2, 4 and 8 s, so they go out at 0, 1, 3, 7 and 15 s. */
const RETRY_WAITS_MS = [1_000, 2_000, 4_000, 8_000];
/** LiveKit signs a webhook's token for five minutes, once for all attempts. */
const TOKEN_SECONDS = 5 * 60;

export type WebhookSender = ReturnType<typeof createWebhookSender>;

/**
 * LiveKit's webhook notifier: one queue for each room, in order, in memory. Any answer below 500 but 429 counts as
 * delivered; 429, 5xx (not 501) and a failed connection are tried again, after `Retry-After` where 429 or 503 has it.
 */
export function createWebhookSender(dependencies: {
  readonly config: SimulatedRegionConfig;
  readonly time: SimulatedTime;
  readonly log: TruthLog;
}) {
  const { config, time, log } = dependencies;
  const queues = new Map<string, Delivery[]>();
  const transport = config.webhookUrl.startsWith('https:') ? https : http;
  const agent = new transport.Agent({ keepAlive: true, maxSockets: 256 });
  let generation = 0;
  let fault = NO_WEBHOOK_FAULT;

  function makeDelivery(event: RegionEvent, id: string): Delivery {
    const nowMs = time.nowMs();
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

  function isDropped(type: string): boolean {
    if (fault.drop === 0 || !(fault.types?.includes(type) ?? true)) return false;
    if (fault.drop !== 'all') fault = { ...fault, drop: fault.drop - 1 };
    return true;
  }

  function enqueue(delivery: Delivery): void {
    const queue = queues.get(delivery.room);
    if (queue === undefined) {
      queues.set(delivery.room, [delivery]);
      void work(delivery.room, generation);
    } else if (queue.length >= MAX_QUEUED) {
      log.add('webhook.dropped', { id: delivery.id, reason: 'queue is full' });
    } else {
      queue.push(delivery);
    }
  }

  async function work(room: string, mine: number): Promise<void> {
    const queue = queues.get(room) ?? [];
    for (let delivery = queue[0]; delivery !== undefined; delivery = queue[0]) {
      await deliver(delivery, mine);
      if (mine !== generation) return;
      queue.shift();
    }
    queues.delete(room);
  }

  async function deliver(delivery: Delivery, mine: number): Promise<void> {
    const { id, type } = delivery;
    if (time.nowMs() - delivery.queuedAtMs > MAX_AGE_MS) {
      log.add('webhook.dropped', { id, event: type, reason: 'age' });
      return;
    }
    for (const waitMs of [...RETRY_WAITS_MS, undefined]) {
      const answer = await post(delivery);
      if (mine !== generation) return;
      log.add('webhook.sent', { id, event: type, room: delivery.room, status: answer.status });
      if (!isRetried(answer.status)) {
        await sendCopies(delivery);
        return;
      }
      if (waitMs === undefined) break;
      await pause(time, answer.retryAfterMs ?? waitMs);
      if (mine !== generation) return;
    }
    log.add('webhook.dropped', { id, event: type, reason: 'attempts' });
  }

  async function sendCopies(delivery: Delivery): Promise<void> {
    const spoiled = fault.types?.includes(delivery.type) ?? true;
    for (let copy = 0; spoiled && copy < fault.duplicates; copy += 1) await post(delivery);
  }

  function post(delivery: Delivery): Promise<Answer> {
    return new Promise((resolve) => {
      const request = transport.request(
        config.webhookUrl,
        {
          method: 'POST',
          agent,
          headers: {
            authorization: delivery.token,
            'content-type': 'application/webhook+json',
            'user-agent': 'Go-http-client/1.1',
            'content-length': Buffer.byteLength(delivery.body),
          },
        },
        (response) => {
          response.resume();
          resolve({ status: response.statusCode ?? 0, retryAfterMs: retryAfter(response) });
        },
      );
      request.on('error', () => resolve({ status: 0, retryAfterMs: undefined }));
      request.end(delivery.body);
    });
  }

  return {
    /** Takes an event in; `id` is LiveKit's event id. */
    send(event: RegionEvent, id: string): void {
      log.add('webhook.queued', { id, event: event.type, room: event.room.name });
      if (isDropped(event.type)) {
        log.add('webhook.dropped', { id, event: event.type, reason: 'fault' });
        return;
      }
      const delivery = makeDelivery(event, id);
      const held = fault.delayMs > 0 && (fault.types?.includes(event.type) ?? true);
      if (!held) return enqueue(delivery);
      time.after(fault.delayMs, () => enqueue(delivery));
    },

    setFault(next: WebhookFault): void {
      fault = next;
    },

    /** The process dies: whatever is queued or waits for its next try is lost. */
    forgetAll(): void {
      generation += 1;
      queues.clear();
    },

    close(): void {
      generation += 1;
      queues.clear();
      agent.destroy();
    },
  };
}

interface Answer {
  /** 0 when nothing answered. */
  readonly status: number;
  readonly retryAfterMs: number | undefined;
}

function isRetried(status: number): boolean {
  return status === 0 || status === 429 || (status >= 500 && status !== 501);
}

function retryAfter(response: http.IncomingMessage): number | undefined {
  const seconds = Number(response.headers['retry-after'] ?? '');
  const honoured = response.statusCode === 429 || response.statusCode === 503;
  return honoured && seconds > 0 ? seconds * 1000 : undefined;
}
