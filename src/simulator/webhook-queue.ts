import { pause, type SimulatedTime } from './simulated-time.ts';
import type { TruthLog } from './truth-log.ts';
import { isRetried, type WebhookDelivery, type WebhookPoster } from './webhook-delivery.ts';

/** LiveKit's notifier: an event that waited longer is dropped, and a queue holds no more than this. */
const MAX_AGE_MS = 30_000;
const MAX_QUEUED = 200;
/** Waits between the five attempts, ms: 1, 2, 4 and 8 s, so they go out at 0, 1, 3, 7 and 15 s. */
const RETRY_WAITS_MS = [1_000, 2_000, 4_000, 8_000];

export interface WebhookQueues {
  enqueue: (delivery: WebhookDelivery) => void;
  /** The process dies: whatever is queued or waits for its next try is lost. */
  forgetAll: () => void;
}

/** One queue for each room, in order, in memory: a failing event holds up the later ones of its room. */
export function createWebhookQueues(dependencies: {
  readonly poster: WebhookPoster;
  readonly time: SimulatedTime;
  readonly log: TruthLog;
  /** Further copies that a delivered event is sent in. */
  readonly copiesOf: (delivery: WebhookDelivery) => number;
}): WebhookQueues {
  const { poster, time, log, copiesOf } = dependencies;
  const queues = new Map<string, WebhookDelivery[]>();
  let generation = 0;

  async function work(queue: WebhookDelivery[], room: string): Promise<void> {
    const mine = generation;
    const isDead = (): boolean => mine !== generation;
    for (let delivery = queue[0]; delivery !== undefined; delivery = queue[0]) {
      const end = await deliver(delivery, isDead);
      if (isDead()) return;
      if (end !== 'delivered') log.add('webhook.dropped', { id: delivery.id, event: delivery.type, reason: end });
      queue.shift();
    }
    queues.delete(room);
  }

  async function deliver(delivery: WebhookDelivery, isDead: () => boolean): Promise<'delivered' | 'age' | 'attempts' | 'killed'> {
    const { id, type, room, queuedAtMs } = delivery;
    if (time.nowMs() - queuedAtMs > MAX_AGE_MS) return 'age';
    for (const waitMs of [...RETRY_WAITS_MS, undefined]) {
      const answer = await poster.post(delivery);
      if (isDead()) return 'killed';
      log.add('webhook.sent', { id, event: type, room, status: answer.status });
      if (!isRetried(answer.status)) {
        for (let copy = copiesOf(delivery); copy > 0; copy -= 1) await poster.post(delivery);
        return 'delivered';
      }
      if (waitMs !== undefined) await pause(time, answer.retryAfterMs ?? waitMs);
      if (isDead()) return 'killed';
    }
    return 'attempts';
  }

  return {
    enqueue: (delivery) => {
      const queue = queues.get(delivery.room);
      if (queue === undefined) {
        const fresh = [delivery];
        queues.set(delivery.room, fresh);
        void work(fresh, delivery.room);
      } else if (queue.length >= MAX_QUEUED) {
        log.add('webhook.dropped', { id: delivery.id, event: delivery.type, reason: 'queue is full' });
      } else {
        queue.push(delivery);
      }
    },
    forgetAll: () => {
      generation += 1;
      queues.clear();
    },
  };
}
