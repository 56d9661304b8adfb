import { z } from 'zod';
import { nameSchema, timeSchema } from '../platform/http/wire.ts';
import { ROLES } from './role.ts';

/** What a token may carry of the caller's own: LiveKit takes more, browsers and logs should not. */
const MAX_CARRIED_BYTES = 16 * 1024;
const MAX_LATENCIES = 100;
/** A reading above this is a mistake of the client, not a slow line. */
const MAX_RTT_MS = 10_000;
const OWN_PREFIX = 'meridian.';

export const carriedMetadataSchema = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= MAX_CARRIED_BYTES, `is longer than ${MAX_CARRIED_BYTES} bytes`);

export const carriedAttributesSchema = z
  .record(z.string(), z.string())
  .refine((attributes) => Object.keys(attributes).every((name) => !name.startsWith(OWN_PREFIX)), `may not begin with ${OWN_PREFIX}, which is ours`)
  .refine((attributes) => bytesOf(attributes) <= MAX_CARRIED_BYTES, `are longer than ${MAX_CARRIED_BYTES} bytes in all`);

function bytesOf(attributes: Readonly<Record<string, string>>): number {
  return Object.entries(attributes).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
}

export const joinBodySchema = z.strictObject({
  displayName: nameSchema.optional(),
  identity: z.string().min(1).max(200).optional(),
  role: z.string().max(50).optional(),
  metadata: carriedMetadataSchema.optional(),
  attributes: carriedAttributesSchema.optional(),
  region: z.string().max(63).optional(),
  latencies: z.array(z.strictObject({ region: z.string().max(63), rttMs: z.number().min(0).max(MAX_RTT_MS) })).max(MAX_LATENCIES).optional(),
  avoidRegion: z.string().max(63).optional(),
  deviceId: z.string().min(1).max(200).optional(),
  rejoinToken: z.string().max(1000).optional(),
});

export const joinAnswerSchema = z
  .object({
    status: z.literal('admitted'),
    serverUrl: z.string(),
    participantToken: z.string(),
    expiresAt: timeSchema,
    identity: z.string(),
    role: z.enum(ROLES),
    room: z.object({ id: z.string(), slug: z.string(), name: z.string() }),
    session: z.object({ id: z.string(), epoch: z.int() }),
    region: z.object({ id: z.string(), name: z.string() }),
    decision: z.object({ id: z.string(), rule: z.string(), reason: z.string() }),
    rejoinToken: z.string().optional().describe('For guests: who brings it back within a day keeps the identity.'),
  })
  .meta({ id: 'JoinAnswer' });

export const joinQuerySchema = z.strictObject({ tenant: z.string().max(63).optional() });

/** LiveKit's standard token request: snake_case, every field optional, `null` as good as absent. */
const agentDispatchSchema = z.strictObject({
  agent_name: z.string().min(1).max(200).nullish(),
  agentName: z.string().min(1).max(200).nullish(),
  metadata: carriedMetadataSchema.nullish(),
});

const tokenFieldsSchema = z.strictObject({
  room_name: z.string().max(200).nullish(),
  participant_identity: z.string().min(1).max(200).nullish(),
  participant_name: nameSchema.nullish(),
  participant_metadata: carriedMetadataSchema.nullish(),
  participant_attributes: carriedAttributesSchema.nullish(),
  room_config: z.strictObject({ agents: z.array(agentDispatchSchema).max(20).nullish(), metadata: carriedMetadataSchema.nullish() }).nullish(),
});
export type TokenRequest = z.output<typeof tokenFieldsSchema>;

export const tokenRequestSchema = tokenFieldsSchema.nullable().transform((body): TokenRequest => body ?? {});

export const tokenAnswerSchema = z
  .object({
    server_url: z.string(),
    participant_token: z.string(),
    room_name: z.string(),
    participant_name: z.string(),
    region: z.string(),
    expires_at: timeSchema,
  })
  .meta({ id: 'LivekitTokenAnswer' });
