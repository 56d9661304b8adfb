import { runSimulator } from '../../src/simulator/simulator.ts';
import type { LiveKitServer } from './test-livekit.ts';

/** A region as the operator API takes it. */
export interface TestRegion {
  readonly id: string;
  readonly document: Readonly<Record<string, unknown>>;
}

/** A region whose LiveKit is a double, with the controls of its faults. */
export interface SimulatedRegion extends TestRegion {
  readonly apiUrl: string;
  readonly key: string;
  readonly secret: string;
  /** One call of the double's control API. @throws Error unless it was done. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  /** A client that enters with a token of ours, and how it leaves. */
  enter(token: string): Promise<{ leave(): Promise<void> }>;
}

const PLACES = {
  'eu-fra': { name: 'Frankfurt', latitude: 50.11, longitude: 8.68, jurisdiction: 'EU' },
  'us-iad': { name: 'Ashburn', latitude: 39.04, longitude: -77.49, jurisdiction: 'US' },
  'ap-sin': { name: 'Singapore', latitude: 1.35, longitude: 103.82, jurisdiction: 'SG' },
} as const;
export type PlaceId = keyof typeof PLACES;

interface Livekit {
  readonly publicUrl: string;
  readonly apiUrl: string;
  readonly key: string;
  readonly secret: string;
}

/** A region's document at one of the three places. */
export function regionDocument(
  id: PlaceId,
  { publicUrl, apiUrl, key, secret }: Livekit,
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    id,
    ...PLACES[id],
    livekit: { publicUrl, apiUrl, keys: [{ id: 'k1', key, secret, use: 'sign' }] },
    ...changes,
  };
}

export function realRegion(
  id: PlaceId,
  { url, apiUrl, keyId, secret }: LiveKitServer,
  changes: Readonly<Record<string, unknown>> = {},
): TestRegion {
  return { id, document: regionDocument(id, { publicUrl: url, apiUrl, key: keyId, secret }, changes) };
}

export interface SimulatedRegions {
  readonly regions: readonly SimulatedRegion[];
  region(id: PlaceId): SimulatedRegion;
  close(): Promise<void>;
}

/** The one key pair that the double at this place knows. */
export function keyPairOf(id: PlaceId): Pick<Livekit, 'key' | 'secret'> {
  return { key: `API${id.replace('-', '')}`, secret: `${id}-secret-0123456789abcdef0123456789` };
}

/** Starts a LiveKit double for each place; webhooks go to the API on `apiPort`. */
export async function startSimulatedRegions(ids: readonly PlaceId[], apiPort: number): Promise<SimulatedRegions> {
  const simulator = await runSimulator({
    regions: ids.map((id) => {
      const { key, secret } = keyPairOf(id);
      const webhookUrl = `http://127.0.0.1:${apiPort}/webhooks/livekit/${id}`;
      return { id, port: 0, keys: { [key]: secret }, webhookUrl, webhookKey: key };
    }),
  });
  const regions = ids.map((id, index): SimulatedRegion => {
    const apiUrl = simulator.regions[index]?.url ?? '';
    const livekit = { publicUrl: apiUrl.replace('http', 'ws'), apiUrl, ...keyPairOf(id) };
    return { id, ...livekit, document: regionDocument(id, livekit), ...controlsOf(apiUrl) };
  });
  return {
    regions,
    region: (id) => {
      const found = regions.find((region) => region.id === id);
      if (!found) throw new Error(`no simulated region ${id}`);
      return found;
    },
    close: () => simulator.close(),
  };
}

function controlsOf(apiUrl: string): Pick<SimulatedRegion, 'control' | 'enter'> {
  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${apiUrl}/simulator/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    control,
    enter: async (token) => {
      const joined = (await control('POST', 'participants', { token })) as Record<string, string>;
      const path = `rooms/${joined['room']}/participants/${encodeURIComponent(joined['identity'] ?? '')}`;
      return { leave: async () => void (await control('DELETE', path)) };
    },
  };
}
