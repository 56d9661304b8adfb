import express from 'express';
import { AccessToken } from 'livekit-server-sdk';

// The bare-metal limit of the same stack: our own server factory and global middleware (request id, access log,
// helmet), Express' JSON parser, and a handler that does nothing but sign a token with LiveKit's SDK. It runs from the
// built program, as the product does.
const built = new URL('../dist/platform/', import.meta.url);
const { createHttpBase } = await import(new URL('http/http-base.js', built).href);
const { createExpressServer } = await import(new URL('http/express-server.js', built).href);
const { createLogger } = await import(new URL('telemetry/logger.js', built).href);
const { createMetrics } = await import(new URL('telemetry/metrics.js', built).href);

const logger = createLogger({ level: 'info', instance: 'bare', role: 'api' });
const app = createHttpBase({ logger, metrics: createMetrics({ withProcess: true }) });
app.use(express.json());
app.post('/v1/rooms/:room/join', async (/** @type {express.Request} */ request, /** @type {express.Response} */ response) => {
  const identity = String(request.body.identity);
  const token = new AccessToken('APIbare', 'bare-secret-0123456789abcdef0123456789', { identity, name: 'Ada', ttl: 600 });
  token.addGrant({ roomJoin: true, room: String(request.params['room']), canPublish: true, canSubscribe: true, canPublishData: true, canUpdateOwnMetadata: false });
  response.json({ serverUrl: 'ws://127.0.0.1:1', participantToken: await token.toJwt() });
});
const server = createExpressServer(app, { publicUrl: 'http://127.0.0.1' });
server.listen(Number(process.argv[2]), '127.0.0.1');
