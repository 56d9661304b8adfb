import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '../../kernel/app-error.ts';
import { answerOf } from './problem.ts';

/**
 * Answers what is no HTTP request, before there is one to hand to the application: a head over 16 KiB, bytes that are
 * no HTTP, a head or body that does not come in time. These answers are problems with a request id like all others.
 */
export function answerUnreadableRequests(server: Server, publicUrl: string): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(answerText(errorOf(error.code), publicUrl));
  });
}

function errorOf(code: string | undefined): AppError {
  if (code === 'HPE_HEADER_OVERFLOW') return new AppError('request.too-large', { detail: 'The request line and headers are larger than 16 KiB.' });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new AppError('request.malformed', { detail: 'The request did not arrive in time.' });
  return new AppError('request.malformed', { detail: 'These bytes are not an HTTP request.' });
}

function answerText(error: AppError, publicUrl: string): string {
  const requestId = randomUUID();
  const { status, headers, body } = answerOf(error, requestId, publicUrl);
  const lines = { ...headers, 'X-Request-Id': requestId, 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close' };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`;
}
