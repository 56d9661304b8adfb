import type { ServerResponse } from 'node:http';
import type { Reply } from './route.ts';

/** Sends a reply; a text goes out as it is, anything else as JSON. Every 503 says when to come back. */
export function sendReply(response: ServerResponse, { status, headers, body }: Reply): void {
  response.statusCode = status;
  for (const name in headers) response.setHeader(name, headers[name] as string);
  if (status === 503 && !response.hasHeader('Retry-After')) response.setHeader('Retry-After', '1');
  if (body === undefined) {
    response.end();
    return;
  }
  if (headers?.['Content-Type'] === undefined) response.setHeader('Content-Type', 'application/json; charset=utf-8');
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const length = Buffer.byteLength(text);
  response.setHeader('Content-Length', length);
  // Plain ASCII, as nearly every answer is, goes out without being encoded.
  response.end(text, length === text.length ? 'latin1' : 'utf8');
}
