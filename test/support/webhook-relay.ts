import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

const DELIVERY_TIMEOUT_MS = 5_000;

/** LiveKit reads its webhook address at start, test files choose theirs later: between them stands this relay. */
export interface WebhookRelay {
  /** What LiveKit is told; `/<region id>` is appended. */
  readonly deliveryUrl: string;
  /** PUT and DELETE with a listener's address as the body. */
  readonly registrationUrl: string;
  close(): void;
}

/**
 * Passes every delivery on unchanged, bytes and headers, to all who registered. The worst of their answers is
 * LiveKit's; 200 when nobody listens.
 */
export async function startWebhookRelay(): Promise<WebhookRelay> {
  const listeners = new Set<string>();
  const server = createServer((request, response) => {
    void answer(request, listeners).then((status) => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    deliveryUrl: `${base}/deliveries`,
    registrationUrl: `${base}/listeners`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(request: IncomingMessage, listeners: Set<string>): Promise<number> {
  const body = await readBody(request);
  if (request.url === '/listeners') {
    if (request.method === 'PUT') listeners.add(body.toString());
    else listeners.delete(body.toString());
    return 204;
  }
  const regionId = request.url?.split('/').at(-1) ?? '';
  const { 'content-type': type = '', authorization = '' } = request.headers;
  const statuses = await Promise.all(
    [...listeners].map((listener) => deliver(`${listener}/${regionId}`, body, { 'content-type': type, authorization })),
  );
  return Math.max(200, ...statuses);
}

async function deliver(url: string, body: Buffer, headers: Record<string, string>): Promise<number> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers,
      signal: AbortSignal.timeout(DELIVERY_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 502;
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
