import { Secret } from '../../src/kernel/secret.ts';
import { createLivekitGateway, type LivekitGateway } from '../../src/platform/livekit/livekit-gateway.ts';
import { signAdminToken, type SigningKey } from '../../src/platform/livekit/livekit-token.ts';
import type { SimulatorConfigInput } from '../../src/simulator/simulator-config.ts';
import { runSimulator } from '../../src/simulator/simulator.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../contracts/livekit-webhook-receiver.ts';

export const KEY: SigningKey = { key: 'APIlab0001', secret: new Secret('lab-secret-0123456789abcdef0123456789') };
export const TIMES = { emptyTimeoutSeconds: 60, departureTimeoutSeconds: 20 };

export interface TruthItem {
  readonly seq: number;
  readonly type: string;
  readonly [fact: string]: unknown;
}

/** One simulated region with its gateway, its control API and a receiver for its webhooks. */
export interface TestRegion {
  readonly url: string;
  readonly gateway: LivekitGateway;
  readonly webhooks: WebhookReceiver;
  control: (method: string, path: string, body?: unknown) => Promise<{ readonly status: number; readonly text: string; readonly json: never }>;
  truth: (type?: string) => Promise<TruthItem[]>;
  close: () => Promise<void>;
}

export async function startTestRegion(settings: Partial<SimulatorConfigInput['regions'][number]> & { readonly seed?: string } = {}): Promise<TestRegion> {
  const { seed, ...region } = settings;
  const webhooks = await startWebhookReceiver();
  const simulator = await runSimulator({
    ...(seed === undefined ? {} : { seed }),
    regions: [{ id: 'lab', port: 0, keys: { [KEY.key]: KEY.secret.reveal() }, webhookUrl: webhooks.url, webhookKey: KEY.key, ...region }],
  });
  const url = simulator.regions[0]?.url ?? '';
  const gateway = createLivekitGateway({ apiUrl: url, signAdminToken: (grant) => signAdminToken(KEY, grant, Date.now()) });
  const control: TestRegion['control'] = async (method, path, body) => {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${url}/simulator/${path}`, { method, ...init });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    return { status: response.status, text, json: (isJson ? JSON.parse(text) : undefined) as never };
  };
  return {
    url,
    gateway,
    webhooks,
    control,
    truth: async (type) => {
      const { items } = (await control('GET', 'log')).json as { items: TruthItem[] };
      return type === undefined ? items : items.filter((item) => item.type === type);
    },
    close: async () => {
      gateway.close();
      await simulator.close();
      await webhooks.close();
    },
  };
}
