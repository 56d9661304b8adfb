import { startRegionServer, type RegionServer } from './region-server.ts';
import { createSimulatedRegion } from './simulated-region.ts';
import { realTime } from './simulated-time.ts';
import { parseSimulatorConfig, type SimulatorConfigInput } from './simulator-config.ts';

export interface RunningSimulator {
  readonly regions: readonly { readonly id: string; readonly url: string }[];
  /** Cuts every connection; queued webhooks are lost. */
  close(): Promise<void>;
}

/**
 * Starts a LiveKit double for each region of the configuration and, when all listen, writes one line of JSON:
 * `{"ready":true,"regions":[{"id","url"}]}`.
 * @throws Error when the configuration is wrong or a port is taken; nothing is left listening then
 */
export async function runSimulator(
  input: SimulatorConfigInput,
  options: { readonly writeLine?: (line: string) => void } = {},
): Promise<RunningSimulator> {
  const config = parseSimulatorConfig(input);
  const servers: RegionServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
  };
  try {
    for (const regionConfig of config.regions) {
      const region = createSimulatedRegion({ config: regionConfig, seed: config.seed, time: realTime });
      servers.push(await startRegionServer({ region, time: realTime, host: config.host }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const regions = servers.map(({ url }, index) => ({ id: config.regions[index]?.id ?? '', url }));
  options.writeLine?.(JSON.stringify({ ready: true, regions }));
  return { regions, close };
}
