import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/kernel/clock.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { createInboundModule } from '../../../src/inbound/inbound-module.ts';
import { connectDatabase } from '../../../src/platform/database/prisma-client.ts';
import { createUnitOfWork } from '../../../src/platform/database/unit-of-work.ts';
import type { Actor, Scope } from '../../../src/platform/http/actor.ts';
import { createClientIp } from '../../../src/platform/http/client-ip.ts';
import { createCors } from '../../../src/platform/http/cors.ts';
import { createExpressServer } from '../../../src/platform/http/express-server.ts';
import { createHttpBase } from '../../../src/platform/http/http-base.ts';
import { mountRoutes } from '../../../src/platform/http/mount-routes.ts';
import { createProblemHandler } from '../../../src/platform/http/problem.ts';
import type { LivekitHandler } from '../../../src/platform/livekit/livekit-handler.ts';
import type { WebhookKey } from '../../../src/platform/livekit/livekit-webhook.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';

export interface InboundApp {
  readonly url: string;
  /** Regions that a delivery was a sign of life of, in order. */
  readonly signs: readonly string[];
  readonly logLines: readonly string[];
  /** Claims what is due, as the schedule does; the handlers may still work afterwards. */
  poll(): Promise<void>;
  metrics(): Promise<string>;
  close(): Promise<void>;
}

export interface InboundAppOptions {
  readonly databaseUrl: string;
  readonly regions: Readonly<Record<string, readonly WebhookKey[]>>;
  readonly handlers?: readonly LivekitHandler[];
  readonly owner?: string;
}

/** Bearer credentials of the tests, by what they may do. */
const CREDENTIALS: Readonly<Record<string, readonly Scope[]>> = {
  reader: ['ops:read'],
  operator: ['ops:read', 'ops:write'],
  tenant: ['rooms:read', 'tenant:admin'],
};

/** The inbound module behind the product's own HTTP, on a port of its own. */
export async function startInboundApp(options: InboundAppOptions): Promise<InboundApp> {
  const logLines: string[] = [];
  const signs: string[] = [];
  const logger = createLogger({ level: 'info', instance: 'test', role: 'all', sink: { write: (line) => void logLines.push(line) } });
  const metrics = createMetrics({ withProcess: false });
  const connections = connectDatabase({ url: new Secret(options.databaseUrl), poolSize: 6 });
  const inbound = createInboundModule({
    unitOfWork: createUnitOfWork(connections),
    regions: {
      findWebhookKeys: (id) => (Object.hasOwn(options.regions, id) ? options.regions[id] : undefined),
      noteSign: (id) => void signs.push(id),
    },
    handlers: options.handlers ?? [],
    clock: systemClock,
    logger,
    metrics,
    owner: options.owner ?? 'test/one',
    random: () => 0.5,
  });
  const app = createHttpBase({ logger, metrics });
  app.use(
    mountRoutes({
      routes: inbound.routes,
      readCredential: actorOf,
      clientIp: createClientIp({ trusted: { kind: 'none' } }),
      cors: createCors([]),
      checkResponses: true,
      beforeRefusal: (_request, _response, next) => next(),
    }),
  );
  app.use(createProblemHandler({ publicUrl: 'http://meridian.test', logger }));
  const server = createExpressServer(app, { publicUrl: 'http://api.test' });
  const url = await listen(server);
  const poll = inbound.schedules.find((schedule) => schedule.name === 'inbound-ledger');
  return {
    url,
    signs,
    logLines,
    poll: async () => poll?.run(new AbortController().signal),
    metrics: () => metrics.render(),
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await inbound.service.stop();
      await connections.close();
    },
  };
}

function actorOf(bearer: string): Actor | undefined {
  const scopes = CREDENTIALS[bearer];
  return scopes && { kind: 'api-key', keyId: bearer, tenantId: null, scopes: new Set(scopes) };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
