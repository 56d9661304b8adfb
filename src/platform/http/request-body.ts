import type { IncomingMessage } from 'node:http';
import { AppError } from '../../kernel/app-error.ts';

export const DEFAULT_BODY_LIMIT = 256 * 1024;
/** Configuration documents may be longer. */
export const DOCUMENT_BODY_LIMIT = 1024 * 1024;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;

/** Whether the request announces a body, be it an empty one. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** @throws AppError `request.unsupported-media-type` unless the body is announced as JSON in UTF-8. */
export function assertJson({ headers }: IncomingMessage): void {
  const type = headers['content-type'];
  if (type === 'application/json') return;
  if (type === undefined || !JSON_TYPE.test(type)) throw unsupported('Send the body as application/json.');
  const charset = CHARSET.exec(type)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) throw unsupported('Send the JSON in UTF-8.');
}

/**
 * The bytes of the body, at most `limit`. What is over it is left unread.
 * @throws AppError `request.too-large`, `request.unsupported-media-type` for a content encoding, `request.malformed`
 * when the connection ends before the body does.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const { headers } = request;
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return Promise.reject(unsupported('Send the body without a content encoding.'));
  if (Number(headers['content-length']) > limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => collect(request, limit, resolve, reject));
}

function collect(request: IncomingMessage, limit: number, resolve: (body: Buffer) => void, reject: (error: AppError) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    // What comes after the answer is out is dropped by the server.
    if (size > limit) reject(tooLarge(limit));
    else chunks.push(chunk);
  });
  request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
  // Comes after the end too, and says nothing then: the promise is settled.
  request.on('close', () => {
    if (!request.readableEnded) reject(new AppError('request.malformed', { detail: 'The body ended too early.' }));
  });
}

function tooLarge(limit: number): AppError {
  return new AppError('request.too-large', { detail: `The body is larger than the ${limit / 1024} KiB that this route takes.` });
}

function unsupported(detail: string): AppError {
  return new AppError('request.unsupported-media-type', { detail });
}
