import { Room } from '@livekit/rtc-node';
import { startLiveKitPair } from '../support/test-livekit.ts';
import type { LivekitTarget } from './livekit-target.ts';
import { startWebhookReceiver } from './livekit-webhook-receiver.ts';

/** One real LiveKit server with its own Redis, entered by a real client. */
export async function startRealTarget(): Promise<LivekitTarget> {
  const webhooks = await startWebhookReceiver();
  const server = await startLiveKitPair({ regionId: 'lab', webhookUrl: webhooks.url });
  return {
    apiUrl: server.apiUrl,
    key: server.keyId,
    secret: server.secret,
    webhooks,
    async enter(token) {
      const room = new Room();
      await room.connect(server.url, token, { autoSubscribe: false, dynacast: false });
      return { leave: () => room.disconnect() };
    },
    async crash() {
      await server.kill();
      await server.restart();
    },
    emptyRedis: server.redis.flush,
    async close() {
      await server.kill();
      await server.redis.kill();
      await webhooks.close();
    },
  };
}
