import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { createExpressServer } from '../platform/http/express-server.ts';
import type { Platform } from './platform.ts';
import { shutdownMs } from './process-role.ts';

/** Opens a port. @throws Error naming the port when it is taken. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new Error(`Port ${port} on ${host} is taken.`, { cause: error }) : error);
    });
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Serves the application; at shutdown running requests finish and no new connection is taken. */
export async function serveApp({ config, lifecycle }: Pick<Platform, 'config' | 'lifecycle'>, app: Express, port: number): Promise<number> {
  const server = createExpressServer(app, { publicUrl: config.MERIDIAN_PUBLIC_URL });
  const taken = await listen(server, config.MERIDIAN_HOST, port);
  lifecycle.onStop('http', shutdownMs(config), () => closeServer(server));
  return taken;
}

/** Metrics have a port of their own: they are for the private network. */
export async function serveMetrics({ config, metrics, lifecycle }: Pick<Platform, 'config' | 'metrics' | 'lifecycle'>): Promise<number> {
  const server = http.createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.render().then(
      (text) => response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  const port = await listen(server, config.MERIDIAN_HOST, config.MERIDIAN_METRICS_PORT);
  lifecycle.onStop('metrics', 1_000, () => closeServer(server));
  return port;
}

const IDLE_CHECK_MS = 50;

/** Refuses new connections and waits for running requests; a kept-alive connection is closed once it is idle. */
function closeServer(server: Server): Promise<void> {
  const timer = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  return new Promise<void>((resolve) => {
    server.close(() => {
      clearInterval(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
