import type { RegionEvent } from './region-event.ts';
import type { SimulatedRegionConfig } from './simulator-config.ts';
import type { SimulatedTime } from './simulated-time.ts';
import type { TruthLog } from './truth-log.ts';
import { createWebhookPoster, makeDelivery } from './webhook-delivery.ts';
import { createWebhookQueues } from './webhook-queue.ts';

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

export interface WebhookSender {
  /** Takes an event in; `id` is LiveKit's event id. */
  send: (event: RegionEvent, id: string) => void;
  setFault: (fault: WebhookFault) => void;
  /** The process dies: whatever is queued or waits for its next try is lost. */
  forgetAll: () => void;
  close: () => void;
}

/** LiveKit's webhook notifier, with faults on demand in front of it. */
export function createWebhookSender(dependencies: {
  readonly config: SimulatedRegionConfig;
  readonly time: SimulatedTime;
  readonly log: TruthLog;
}): WebhookSender {
  const { config, time, log } = dependencies;
  let fault = NO_WEBHOOK_FAULT;
  const isHit = (type: string): boolean => fault.types?.includes(type) ?? true;
  const poster = createWebhookPoster(config.webhookUrl);
  const queues = createWebhookQueues({ poster, time, log, copiesOf: ({ type }) => (isHit(type) ? fault.duplicates : 0) });

  function isDropped(type: string): boolean {
    if (fault.drop === 0 || !isHit(type)) return false;
    if (fault.drop !== 'all') fault = { ...fault, drop: fault.drop - 1 };
    return true;
  }

  return {
    send: (event, id) => {
      const { type } = event;
      log.add('webhook.queued', { id, event: type, room: event.room.name });
      if (isDropped(type)) {
        log.add('webhook.dropped', { id, event: type, reason: 'fault' });
        return;
      }
      const delivery = makeDelivery(config, event, id, time.nowMs());
      if (fault.delayMs > 0 && isHit(type)) time.after(fault.delayMs, () => queues.enqueue(delivery));
      else queues.enqueue(delivery);
    },
    setFault: (next) => {
      fault = next;
    },
    forgetAll: queues.forgetAll,
    close: () => {
      queues.forgetAll();
      poster.close();
    },
  };
}
