import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLivekitGateway } from '../../src/platform/livekit/livekit-gateway.ts';
import { KEY, startTestRegion, TIMES, type TestRegion } from './simulated-region.ts';

describe('our client of a region that is in trouble', () => {
  let region: TestRegion;
  beforeAll(async () => {
    region = await startTestRegion();
  });
  afterEach(() => region.control('DELETE', 'fault'));
  afterAll(() => region?.close());

  const break_ = (fault: object) => region.control('PUT', 'fault', fault);
  const look = (timeoutMs = 500) => region.gateway.listRooms(['probe'], { timeoutMs });
  const failureOf = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => 'no failure',
      (error: unknown) => error,
    );

  it.each([
    [{ mode: 'refuse' }, { kind: 'trouble', status: undefined }],
    [{ mode: 'unavailable' }, { kind: 'trouble', status: 503, code: 'not_livekit' }],
    [{ mode: 'redis-away' }, { kind: 'trouble', status: 500, code: 'unknown' }],
    [{ mode: 'wrong-key' }, { kind: 'misconfigured', status: 401 }],
    [{ mode: 'html' }, { kind: 'trouble', code: 'unreadable' }],
    [{ mode: 'garbage' }, { kind: 'trouble', code: 'unreadable' }],
    [{ mode: 'hang' }, { kind: 'trouble', code: 'timeout' }],
    [{ mode: 'slow', delayMs: 2_000 }, { kind: 'trouble', code: 'timeout' }],
  ])('sorts %j', async (fault, expected) => {
    await break_(fault);
    expect(await failureOf(look())).toMatchObject(expected);
    await region.control('DELETE', 'fault');
    expect(await look()).toEqual([]);
  });

  it('waits no longer than it was told', async () => {
    await break_({ mode: 'hang' });
    const started = performance.now();
    await failureOf(look(200));
    expect(performance.now() - started).toBeLessThan(400);
  });

  it('stops reading an answer without end at its bound, and keeps none of it', async () => {
    await break_({ mode: 'giant' });
    const before = process.memoryUsage().rss;
    const call = region.gateway.createRoom({ ...TIMES, name: 'giant.1' }, { timeoutMs: 5_000 });
    expect(await failureOf(call)).toMatchObject({ kind: 'trouble', code: 'too_large' });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('never follows a redirect: the place it points to gets not one byte', async () => {
    let bytes = 0;
    const target = createTcpServer((socket) => socket.on('data', (chunk) => (bytes += chunk.length)));
    await new Promise<void>((resolve) => {
      target.listen(0, '127.0.0.1', resolve);
    });
    const { port } = target.address() as AddressInfo;
    await break_({ mode: 'redirect', location: `http://127.0.0.1:${port}/` });
    expect(await failureOf(look())).toMatchObject({ kind: 'trouble', code: 'redirect' });
    target.close();
    expect(bytes).toBe(0);
  });

  it('gives up a call whose caller aborts, with the caller\'s own reason', async () => {
    await break_({ mode: 'hang' });
    const controller = new AbortController();
    const call = failureOf(region.gateway.listRooms(['probe'], { signal: controller.signal }));
    setImmediate(() => controller.abort(new Error('the caller went')));
    expect(await call).toMatchObject({ message: 'the caller went' });
    expect(await failureOf(region.gateway.listRooms(['probe'], { signal: controller.signal }))).toMatchObject({ message: 'the caller went' });
  });

  it('lets the health probe through while joins fill their own lane, and says of the next join that it was queued', async () => {
    await break_({ mode: 'hang', methods: ['CreateRoom'] });
    const joins = Array.from({ length: 17 }, (_, index) =>
      failureOf(region.gateway.createRoom({ ...TIMES, name: `lane.${index}` }, { timeoutMs: 800, queueTimeoutMs: 100 })),
    );
    expect(await region.gateway.listRooms(['probe'], { lane: 'health' })).toEqual([]);
    const failures = await Promise.all(joins);
    expect(failures.slice(0, 16).map((failure) => (failure as { code: string }).code)).toEqual(Array.from({ length: 16 }, () => 'timeout'));
    expect(failures[16]).toMatchObject({ kind: 'queued', code: 'queue_timeout' });
  });

  it('tells nothing of a node when the region itself is in trouble', async () => {
    await break_({ mode: 'unavailable' });
    expect(await failureOf(region.gateway.probeRoomNode('any.1'))).toMatchObject({ kind: 'trouble', code: 'not_livekit' });
  });

  it('comes back by itself after the region was killed and started again', async () => {
    await Promise.all([look(), look(), look()]);
    await region.control('POST', 'kill');
    expect(await failureOf(look())).toMatchObject({ kind: 'trouble' });
    await region.control('POST', 'restart', { keepState: true });
    expect(await look()).toEqual([]);
  });

  it('tries once more on a new connection when a kept one was closed under its feet', async () => {
    const { server, apiUrl, requests } = await startClosingServer();
    const gateway = createLivekitGateway({ apiUrl, signAdminToken: () => KEY.key });
    expect(await gateway.listRooms(['probe'])).toEqual([]);
    expect(await gateway.listRooms(['probe'])).toEqual([]);
    expect(requests()).toBe(3);
    gateway.close();
    server.close();
  });
});

/** Answers the first request of a connection and cuts the connection at the second. */
async function startClosingServer(): Promise<{ server: Server; apiUrl: string; requests: () => number }> {
  const seen = new WeakSet<object>();
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    if (seen.has(request.socket)) {
      request.socket.destroy();
      return;
    }
    seen.add(request.socket);
    request.resume();
    response.end('{"rooms":[]}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { server, apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };
}
