import http from 'node:http';
import https from 'node:https';
import { troubleBefore } from './livekit-failure.ts';

export interface RegionRequest {
  /** The LiveKit call, for error texts. */
  readonly method: string;
  /** Below the region's address, without a leading slash. */
  readonly path: string;
  readonly token: string;
  readonly body: string;
  /** The most that is read of an answer, bytes. */
  readonly maxBytes: number;
  /** From the moment the request is written to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RegionAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

export interface RegionHttp {
  /** @throws LivekitFailure of kind `trouble`, or the signal's reason when the caller aborts. */
  post(request: RegionRequest): Promise<RegionAnswer>;
  /** Cuts idle and running connections. */
  close(): void;
}

/** Idle connections are dropped before the 60 s after which common balancers drop them without a word. */
const IDLE_SOCKET_MS = 30_000;

/**
 * HTTP to one region: keep-alive, no redirects, an answer bounded in bytes and in time. The SDK's client is not
 * used because it re-posts the body (with its secrets) to wherever a redirect points and reads answers of any size.
 */
export function createRegionHttp(options: {
  readonly apiUrl: string;
  readonly maxSockets: number;
}): RegionHttp {
  const base = new URL(options.apiUrl.endsWith('/') ? options.apiUrl : `${options.apiUrl}/`);
  // LiveKit serves its API and its signalling on one port; an operator may have written either scheme.
  const secure = base.protocol === 'https:' || base.protocol === 'wss:';
  const transport = secure ? https : http;
  const agent = new transport.Agent({
    keepAlive: true,
    maxSockets: options.maxSockets,
    maxFreeSockets: options.maxSockets,
    timeout: IDLE_SOCKET_MS,
  });

  const post = async (request: RegionRequest): Promise<RegionAnswer> => {
    request.signal?.throwIfAborted();
    const started = performance.now();
    try {
      return await exchange(transport.request, targetOf(base, agent, request), request);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      // The other side closed a kept connection just as we wrote: nothing was answered, so once more on a new one.
      const timeoutMs = Math.max(1, request.timeoutMs - (performance.now() - started));
      const target = { ...targetOf(base, agent, request), agent: false as const };
      return exchange(transport.request, target, { ...request, timeoutMs });
    }
  };
  return { post, close: () => agent.destroy() };
}

/** A kept-alive connection turned out to be closed before a byte of the answer came. */
class StaleConnection extends Error {
  override readonly name = 'StaleConnection';
}

function targetOf(base: URL, agent: http.Agent, request: RegionRequest): http.RequestOptions {
  return {
    method: 'POST',
    agent,
    host: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port === '' ? undefined : Number(base.port),
    path: `${base.pathname}${request.path}`,
    headers: {
      authorization: `Bearer ${request.token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(request.body),
      accept: 'application/json',
      'accept-encoding': 'identity',
    },
  };
}

type Send = typeof http.request;

function exchange(
  send: Send,
  target: http.RequestOptions,
  request: RegionRequest,
): Promise<RegionAnswer> {
  const { method, signal } = request;
  return new Promise((resolve, reject) => {
    const outgoing = send(target);
    const stop = (reason: unknown): void => {
      settle();
      reject(reason);
      outgoing.destroy();
    };
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => stop(signal?.reason);
    const late = `no answer within ${Math.round(request.timeoutMs)} ms`;
    const timer = setTimeout(() => stop(troubleBefore(method, 'timeout', late)), request.timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });

    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      stop(outgoing.reusedSocket && isReset(error) ? new StaleConnection() : networkFailure(method, error));
    });
    outgoing.on('response', (response) => {
      readAnswer(response, request).then((answer) => {
        settle();
        resolve(answer);
      }, stop);
    });
    outgoing.end(request.body);
  });
}

async function readAnswer(
  response: http.IncomingMessage,
  { method, maxBytes }: RegionRequest,
): Promise<RegionAnswer> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) {
    throw troubleBefore(method, 'redirect', `answered ${status}; redirects are never followed`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Without an encoding a stream of Node's `http` yields buffers; what it throws are Node's own errors.
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw networkFailure(method, error as NodeJS.ErrnoException);
  }
  if (size > maxBytes) throw troubleBefore(method, 'too_large', `answered more than ${maxBytes} bytes`);
  return { status, contentType: response.headers['content-type'] ?? '', body: Buffer.concat(chunks) };
}

function isReset(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

function networkFailure(method: string, error: NodeJS.ErrnoException): Error {
  const code = error.code ?? 'network';
  return troubleBefore(method, code, `the region cannot be reached (${code})`, error);
}
