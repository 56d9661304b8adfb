import type { WebhookEvent } from './webhook-event.ts';

/** An event of a region's LiveKit, as the inbound ledger keeps it. */
export interface StoredWebhook {
  readonly region: string;
  readonly receivedAt: Date;
  readonly event: WebhookEvent;
}

/**
 * What a module does with LiveKit's events. It is called from the ledger, by any replica, at least once, in no
 * promised order: it must merge, never assign, and be idempotent by region and event id.
 */
export interface LivekitHandler {
  readonly name: string;
  /** LiveKit's event names, `participant_joined` and so on. */
  readonly events: readonly string[];
  handle(webhook: StoredWebhook): Promise<void>;
}
