import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { ZodError } from 'zod';
import { PlainRefusal } from './access-token.ts';
import { answerControl } from './control-routes.ts';
import { answerLivekit } from './livekit-paths.ts';
import { applyFault } from './region-fault.ts';
import type { SimulatedRegion } from './simulated-region.ts';
import type { SimulatedTime } from './simulated-time.ts';
import { TwirpRefusal } from './twirp-refusal.ts';

const MAX_BODY_BYTES = 1024 * 1024;
const CONTROL_PREFIX = '/simulator/';

export interface RegionServer {
  readonly url: string;
  close: () => Promise<void>;
}

/** Serves one region on one port: LiveKit's paths, and below `/simulator/` the control API, which no fault touches. */
export async function startRegionServer(options: {
  readonly region: SimulatedRegion;
  readonly time: SimulatedTime;
  readonly host: string;
}): Promise<RegionServer> {
  const { region, time, host } = options;
  const livekitSockets = new Set<Socket>();

  function noteSocket(socket: Socket): void {
    if (livekitSockets.has(socket)) return;
    livekitSockets.add(socket);
    socket.once('close', () => livekitSockets.delete(socket));
  }

  async function serveLivekit(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    noteSocket(request.socket);
    const isDead = (): boolean => region.state.power === 'down';
    const body = await readBody(request);
    if (isDead()) return void response.destroy();
    const fault = region.faults.take(url.pathname);
    if (fault !== undefined && (await applyFault(fault, url.pathname, response, time))) return;
    const answered = await answerLivekit(region, time, request, url, body);
    if (isDead()) return void response.destroy();
    // Browsers time `GET /` to measure how far a region is.
    const { origin } = request.headers;
    const cors = origin === undefined ? {} : { 'access-control-allow-origin': origin, vary: 'Origin' };
    response.writeHead(answered.status, { 'content-type': answered.contentType, ...cors });
    response.end(answered.body);
  }

  async function serveControl(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const segments = url.pathname.slice(CONTROL_PREFIX.length).split('/').map(decodeURIComponent);
    const text = await readBody(request);
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const answer = await answerControl(region, time, {
      method: request.method ?? 'GET',
      segments,
      query: url.searchParams,
      body,
    });
    if (region.state.power === 'down') {
      for (const socket of livekitSockets) if (socket !== request.socket) socket.destroy();
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  }

  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://region.invalid');
    const isControl = url.pathname.startsWith(CONTROL_PREFIX);
    const served = isControl ? serveControl(request, response, url) : serveLivekit(request, response, url);
    served.catch((error: unknown) => answerFailure(response, error));
  });
  const url = await listen(server, host, region.config.port).catch((error: unknown) => {
    region.close();
    throw error;
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      region.close();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, close };
}

async function listen(server: http.Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new PlainRefusal(413, 'http: request body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Refusals of joins keep LiveKit's status and words; a control body that cannot be read is the tester's mistake. */
function answerFailure(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const refusal = error instanceof PlainRefusal || error instanceof TwirpRefusal;
  const status = refusal ? error.status : error instanceof ZodError || error instanceof SyntaxError ? 400 : 500;
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(error instanceof Error ? error.message : 'failed');
}
