import { Room } from '@livekit/rtc-node';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LivekitTarget } from './livekit-target.ts';
import { startWebhookReceiver } from './livekit-webhook-receiver.ts';

const KEY = 'APIlab0001';
const SECRET = 'lab-secret-0123456789abcdef0123456789';

/** The real server's binary, or undefined where there is none (or no Redis for it). */
export function findLivekitServer(): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'livekit-server'));
  const cached = join(homedir(), '.cache/meridian/livekit-server-1.13.5/livekit-server');
  return [...onPath, cached].find((file) => existsSync(file));
}

/** One real LiveKit server with its own Redis, on free ports of loopback, entered by a real client. */
export async function startRealTarget(binary: string): Promise<LivekitTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'meridian-livekit-'));
  const webhooks = await startWebhookReceiver();
  const [port, tcpPort, udpPort, redisPort] = await freePorts(4);
  const configFile = join(folder, 'livekit.json');
  await writeFile(
    configFile,
    // YAML takes JSON as it is.
    JSON.stringify({
      port,
      bind_addresses: ['127.0.0.1'],
      region: 'lab',
      rtc: {
        tcp_port: tcpPort,
        udp_port: udpPort,
        use_external_ip: false,
        node_ip: '127.0.0.1',
        enable_loopback_candidate: true,
        interfaces: { includes: ['lo'] },
        stun_servers: ['127.0.0.1:3478'],
      },
      redis: { address: `127.0.0.1:${redisPort}` },
      keys: { [KEY]: SECRET },
      room: { auto_create: false, empty_timeout: 300, departure_timeout: 20 },
      webhook: { api_key: KEY, urls: [webhooks.url] },
      turn: { enabled: false },
      logging: { level: 'error', json: true },
    }),
  );
  const redisArguments = ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const redis = spawn('redis-server', redisArguments, { stdio: 'ignore' });
  const apiUrl = `http://127.0.0.1:${port}`;
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(binary, ['--config', configFile], { stdio: 'ignore' });
    await untilReady(apiUrl);
    return child;
  };
  await untilOpen(redisPort ?? 0);
  let server = await start();
  return {
    apiUrl,
    key: KEY,
    secret: SECRET,
    webhooks,
    async enter(token) {
      const room = new Room();
      await room.connect(apiUrl.replace('http', 'ws'), token, { autoSubscribe: false, dynacast: false });
      return { leave: () => room.disconnect() };
    },
    async crash() {
      await end(server);
      server = await start();
    },
    emptyRedis: () => sendToRedis(redisPort ?? 0, 'FLUSHALL'),
    async close() {
      await end(server);
      await end(redis);
      await webhooks.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function untilReady(apiUrl: string): Promise<void> {
  await until(async () => (await fetch(apiUrl)).ok);
}

async function untilOpen(port: number): Promise<void> {
  await until(() => sendToRedis(port, 'PING').then(() => true));
}

async function until(test: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await test().catch(() => false)) return;
    await pause(50);
  }
  throw new Error('the real part did not come up within 10 s');
}

async function sendToRedis(port: number, command: string): Promise<void> {
  const socket = createConnection(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`${command}\r\n`);
  await once(socket, 'data');
  socket.destroy();
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}
