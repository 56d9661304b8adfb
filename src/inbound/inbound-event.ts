import { createHash } from 'node:crypto';
import { withoutTokens } from '../platform/livekit/livekit-failure.ts';
import { parseWebhookEvent, redactWebhookBody, type WebhookEvent } from '../platform/livekit/webhook-event.ts';
import type { Json } from '../platform/livekit/webhook-redaction.ts';

/**
 * - `pending`: stored, and its handlers have not all succeeded yet;
 * - `done`: they have;
 * - `failed`: tried as often as it makes sense; an operator may replay it;
 * - `unreadable`: signed by the region, but no event that we can read.
 */
export const INBOUND_STATES = ['pending', 'done', 'failed', 'unreadable'] as const;
export type InboundState = (typeof INBOUND_STATES)[number];

/** One delivery in the ledger, unique by region and event id. */
export interface InboundEvent {
  readonly id: string;
  readonly region: string;
  readonly eventId: string;
  readonly type: string;
  readonly receivedAt: Date;
  readonly state: InboundState;
  readonly error: string | null;
}

/** What is written for a delivery: the fields we use, and the body without secrets, never the raw bytes. */
export interface NewInboundEvent {
  readonly region: string;
  readonly eventId: string;
  readonly type: string;
  readonly state: 'pending' | 'unreadable';
  readonly fields: WebhookEvent | Readonly<Record<string, never>>;
  readonly body: Json;
}

/** Reads a verified delivery for the ledger. A body that is no event is kept as evidence, named by its digest. */
export function readDelivery(region: string, raw: Buffer): NewInboundEvent {
  const event = parseWebhookEvent(raw);
  const body = redactWebhookBody(raw);
  if (event !== undefined && body !== undefined) {
    return { region, eventId: event.id, type: event.type, state: 'pending', fields: event, body };
  }
  const digest = createHash('sha256').update(raw).digest('hex');
  return {
    region,
    eventId: `unreadable-${digest}`,
    type: 'unreadable',
    state: 'unreadable',
    fields: {},
    body: body ?? { bytes: raw.length },
  };
}

/** The event of a stored body. Undefined while this release cannot read it. */
export function readStoredBody(body: unknown): WebhookEvent | undefined {
  return parseWebhookEvent(Buffer.from(JSON.stringify(body)));
}

/** Waits after each failed attempt, seconds: enough for a deploy, for a night and for a dead region. */
const RETRY_SECONDS = [1, 5, 30, 2 * 60, 10 * 60, 30 * 60, 3600, 3 * 3600, 8 * 3600];
/** The first attempt and one after each wait: the last comes some 13 hours after the first. */
export const MAX_ATTEMPTS = RETRY_SECONDS.length + 1;
const RETRY_SPREAD = 0.2;

/** When to try again after the `attempt`th failure, ms; undefined when it is to be given up. `random` is 0 … 1. */
export function retryDelayMs(attempt: number, random: number): number | undefined {
  const seconds = RETRY_SECONDS[attempt - 1];
  return seconds === undefined ? undefined : seconds * 1000 * (1 - RETRY_SPREAD + 2 * RETRY_SPREAD * random);
}

/** LiveKit waits 1, 2, 4 and 8 s between its five attempts. */
const LONGEST_WAIT_SECONDS = 8;

/**
 * The `Retry-After` of a delivery that could not be stored. LiveKit's sender obeys it and still gives up after four
 * more tries, so a constant second would lose the event after 4 s. Counted from the first try it makes the sender keep
 * to its own plan (0, 1, 3, 7, 15 s), which bears an outage of 15 s.
 */
export function retryAfterSeconds(signedAtMs: number | undefined, nowMs: number): number {
  const ageSeconds = signedAtMs === undefined ? 0 : Math.floor((nowMs - signedAtMs) / 1000);
  return Math.min(LONGEST_WAIT_SECONDS, Math.max(1, ageSeconds + 1));
}

/** A failure's text for operators, short and without tokens. */
export function failureText(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : 'a handler failed without an error';
  return withoutTokens(text);
}
