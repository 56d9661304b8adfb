import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedWebhook {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Milliseconds since the first delivery of the same event id. */
  readonly atMs: number;
  readonly json: { readonly id: string; readonly event: string; readonly room?: { readonly name?: string } };
}

export interface WebhookReceiver {
  readonly url: string;
  readonly received: readonly ReceivedWebhook[];
  /** Decides the status of each delivery; 200 unless set. */
  answer: (webhook: ReceivedWebhook) => number | { readonly status: number; readonly retryAfter: string };
  close(): Promise<void>;
}

/** Collects what a region sends, bytes and headers as they came. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const firstSeenMs = new Map<string, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const json = JSON.parse(body.toString()) as ReceivedWebhook['json'];
      const nowMs = performance.now();
      const firstMs = firstSeenMs.get(json.id) ?? nowMs;
      firstSeenMs.set(json.id, firstMs);
      const webhook = { headers: request.headers, body, json, atMs: nowMs - firstMs };
      received.push(webhook);
      const answer = receiver.answer(webhook);
      if (typeof answer === 'number') response.writeHead(answer).end();
      else response.writeHead(answer.status, { 'retry-after': answer.retryAfter }).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/livekit/lab`,
    received,
    answer: () => 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
