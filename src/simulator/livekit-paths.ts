import type { IncomingMessage } from 'node:http';
import { checkAccessToken, PlainRefusal, type TokenClaims } from './access-token.ts';
import type { SimulatedRegion } from './simulated-region.ts';
import { pause, type SimulatedTime } from './simulated-time.ts';
import { badRoute, TwirpRefusal } from './twirp-refusal.ts';

/** What LiveKit's port answers to one request. */
export interface LivekitAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const plain = (status: number, body: string): LivekitAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
});

/** LiveKit's own paths: health, the gate of signalling, RoomService, and 404 for the rest. */
export async function answerLivekit(
  region: SimulatedRegion,
  time: SimulatedTime,
  request: IncomingMessage,
  url: URL,
  body: string,
): Promise<LivekitAnswer> {
  const path = url.pathname;
  try {
    // As on a real server the token is looked at before the path.
    const claims = readClaims(region, time, request, url);
    if (path === '/') return plain(200, 'OK');
    if (path === '/rtc') return { ...plain(404, ''), contentType: 'text/plain' };
    if (path === '/rtc/validate') {
      region.validateJoin(claims);
      return plain(200, 'success');
    }
    if (!path.startsWith('/twirp/')) return plain(404, '404 page not found\n');
    checkTwirp(request);
    const json = region.callTwirp(path, body, claims);
    region.log.add('call', { path, status: 200 });
    return { status: 200, contentType: 'application/json', body: JSON.stringify(json) };
  } catch (error) {
    if (error instanceof PlainRefusal) {
      region.log.add('call', { path, status: error.status });
      return plain(error.status, error.message);
    }
    if (!(error instanceof TwirpRefusal)) throw error;
    await pause(time, error.afterMs);
    region.log.add('call', { path, status: error.status, code: error.code });
    const refusal = JSON.stringify({ code: error.code, msg: error.message });
    return { status: error.status, contentType: 'application/json', body: refusal };
  }
}

function readClaims(
  region: SimulatedRegion,
  time: SimulatedTime,
  request: IncomingMessage,
  url: URL,
): TokenClaims | undefined {
  const header = request.headers.authorization ?? '';
  if (header !== '' && !header.startsWith('Bearer ')) {
    throw new PlainRefusal(401, 'invalid authorization header. Must start with Bearer ');
  }
  const token = header === '' ? (url.searchParams.get('access_token') ?? '') : header.slice('Bearer '.length);
  return token === '' ? undefined : checkAccessToken(token, region.config.keys, time.nowMs());
}

function checkTwirp(request: IncomingMessage): void {
  if (request.method !== 'POST') {
    throw badRoute(`unsupported method "${request.method ?? ''}" (only POST is allowed)`);
  }
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('application/json')) throw badRoute(`unexpected Content-Type: "${type}"`);
}
