import { runSimulator } from '../../src/simulator/simulator.ts';
import type { LivekitTarget } from './livekit-target.ts';
import { startWebhookReceiver } from './livekit-webhook-receiver.ts';

const KEY = 'APIlab0001';
const SECRET = 'lab-secret-0123456789abcdef0123456789';

/** One simulated region; clients are played through its control API. */
export async function startSimulatedTarget(): Promise<LivekitTarget> {
  const webhooks = await startWebhookReceiver();
  const simulator = await runSimulator({
    regions: [{ id: 'lab', port: 0, keys: { [KEY]: SECRET }, webhookUrl: webhooks.url, webhookKey: KEY }],
  });
  const apiUrl = simulator.regions[0]?.url ?? '';
  const control = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const response = await fetch(`${apiUrl}/simulator/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return response;
  };
  return {
    apiUrl,
    key: KEY,
    secret: SECRET,
    webhooks,
    async enter(token) {
      const joined = (await (await control('POST', 'participants', { token })).json()) as Record<string, string>;
      const path = `rooms/${joined['room']}/participants/${encodeURIComponent(joined['identity'] ?? '')}`;
      // One who was removed meanwhile is simply not there any more.
      return { leave: () => control('DELETE', path).then(() => undefined, () => undefined) };
    },
    async crash() {
      await control('POST', 'kill');
      await control('POST', 'restart', { keepState: true });
    },
    emptyRedis: () => control('POST', 'empty-redis').then(() => undefined),
    async close() {
      await simulator.close();
      await webhooks.close();
    },
  };
}
