import { z } from 'zod';

/**
 * What a simulated deployment consists of. Everything but `id`, `port`, `keys`, `webhookUrl` and `webhookKey` has the
 * default of a LiveKit server configured as Meridian asks for (`room.auto_create: false`).
 */
const simulatorConfigSchema = z.strictObject({
  /** Address to listen on. */
  host: z.string().default('127.0.0.1'),
  /** Makes sids and event ids repeatable. Without it they differ in each run, as a real server's do. */
  seed: z.string().min(1).optional(),
  regions: z
    .array(
      z.strictObject({
        id: z.string().min(1),
        /** 0 takes any free port; the ready line says which. */
        port: z.int().min(0).max(65_535),
        /** API key → secret: what admin and join tokens are checked against. */
        keys: z.record(z.string().min(1), z.string().min(1)),
        /** Where webhooks go. */
        webhookUrl: z.url(),
        /** Which of `keys` signs webhooks. */
        webhookKey: z.string().min(1),
        /** Seconds until a room that nobody ever joined finishes, where CreateRoom names none. */
        emptyTimeoutSeconds: z.number().positive().default(300),
        /** Seconds from the last one's leaving to the end of the room, where CreateRoom names none. */
        departureTimeoutSeconds: z.number().positive().default(20),
        /** How late `num_participants` in ListRooms follows a join or a leave; a real server needs up to 5,000 ms. */
        participantCountLagMs: z.int().min(0).default(0),
        /** How long a call waits for a node that does not answer. */
        nodeTimeoutMs: z.int().min(0).default(3_000),
        /** How long after a crash its rooms are still taken to be on the dead node. */
        deadNodeMs: z.int().min(0).default(5_000),
      }),
    )
    .min(1),
});

export type SimulatorConfig = z.output<typeof simulatorConfigSchema>;
export type SimulatorConfigInput = z.input<typeof simulatorConfigSchema>;
export type SimulatedRegionConfig = SimulatorConfig['regions'][number];

/**
 * Reads a configuration.
 * @throws Error that lists every problem, among them a `webhookKey` that is not one of the region's keys.
 */
export function parseSimulatorConfig(input: unknown): SimulatorConfig {
  const config = simulatorConfigSchema.parse(input);
  const ids = new Set(config.regions.map((region) => region.id));
  if (ids.size !== config.regions.length) throw new Error('two simulated regions have one id');
  for (const region of config.regions) {
    if (region.keys[region.webhookKey] === undefined) {
      throw new Error(`region ${region.id}: webhookKey is not one of its keys`);
    }
  }
  return config;
}
