import { z } from 'zod';
import { plainIp } from '../kernel/ip-address.ts';
import { timeSchema } from '../platform/http/wire.ts';
import { ADMIN_STATES, HEALTH_STATUSES } from '../regions/regions-module.ts';
import { CHOOSING_RULES, HINT_SOURCES, LATENCY_DROPS, REASON_CODES } from './placement.ts';

/** Clients of one dry run: some 20 ms of work with a hundred regions. */
const MAX_CLIENTS = 500;
/** More probes than any deployment has regions. */
const MAX_LATENCIES = 250;
const MAX_LIST = 250;
/** Above 10 s nothing is a measurement any more. */
const MAX_RTT_MS = 10_000;

const regionIdSchema = z.string().min(1).max(200);
const countrySchema = z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 alpha-2 code as in "DE"');

/** What clients measured: also part of a join. */
export const latenciesSchema = z
  .array(z.strictObject({ region: regionIdSchema, rttMs: z.number().min(0).max(MAX_RTT_MS) }))
  .max(MAX_LATENCIES);

const candidateSchema = z.object({
  region: z.string(),
  eligible: z.boolean(),
  reasons: z.array(z.enum(REASON_CODES)),
  distanceKm: z.int().nullable().describe('Great-circle distance to the client.'),
  rttMs: z.number().nullable().describe('What the client measured, where it counts.'),
  load: z.number().nullable().describe('0 to 1; null where nothing measures it.'),
});

const inputsSchema = z.object({
  country: z.string().nullable(),
  accuracyKm: z.number().nullable(),
  hint: z.string().nullable(),
  hintSource: z.enum(HINT_SOURCES).nullable(),
  networkPrefix: z.string().nullable().describe('The client\'s /24 or /48; the address itself only where the deployment chose to keep it.'),
  latencies: z.array(
    z.object({
      region: z.string(),
      rttMs: z.number(),
      dropped: z.enum(LATENCY_DROPS).nullable(),
    }),
  ),
});

export const decisionSchema = z
  .object({
    id: z.string().nullable().describe('Null in a dry run.'),
    policyVersion: z.int().describe('Version of the rules.'),
    revision: z.int().describe('Revision of the region configuration.'),
    at: timeSchema,
    rule: z.enum(CHOOSING_RULES).nullable(),
    reason: z.string(),
    winner: z.string().nullable(),
    fallback: z.boolean(),
    inputs: inputsSchema,
    candidates: z.array(candidateSchema).describe('Every region: the eligible ones best first, then the others.'),
    durationMicros: z.int(),
  })
  .meta({ id: 'Decision', description: 'A placement and its whole explanation.' });

export const decisionListSchema = z.object({ decisions: z.array(decisionSchema) });

export const nearestSchema = z
  .object({ region: z.string(), rule: z.string(), reason: z.string(), alternatives: z.array(z.string()) })
  .meta({ id: 'NearestRegion' });

const wishSchema = z.strictObject({
  region: z
    .strictObject({
      mode: z.enum(['auto', 'pinned']).default('auto'),
      id: regionIdSchema.optional(),
      fallback: z.enum(['strict', 'nearest']).optional(),
      clientChoice: z.boolean().optional(),
    })
    .refine(({ mode, id }) => (mode === 'pinned') === (id !== undefined), { path: ['id'], message: 'is needed with the mode "pinned", and only there' })
    .optional(),
  residency: z
    .strictObject({
      jurisdictions: z.array(z.string().min(1).max(200)).max(MAX_LIST).exactOptional(),
      regions: z.array(regionIdSchema).max(MAX_LIST).exactOptional(),
      deny: z.array(regionIdSchema).max(MAX_LIST).exactOptional(),
    })
    .optional(),
  invitedCountries: z.array(countrySchema).max(MAX_LIST).optional(),
});

const clientSchema = z
  .strictObject({
    ip: z.string().refine((text) => plainIp(text) !== undefined, 'must be an IPv4 or IPv6 address').optional(),
    country: countrySchema.optional(),
    latitude: z.number().min(-90).max(90).optional(),
    longitude: z.number().min(-180).max(180).optional(),
    hint: regionIdSchema.optional().describe('A region id; stands for the host name reached.'),
    latencies: latenciesSchema.optional(),
  })
  .superRefine((client, issues) => {
    if ((client.latitude === undefined) !== (client.longitude === undefined)) {
      issues.addIssue({ code: 'custom', path: [client.latitude === undefined ? 'latitude' : 'longitude'], message: 'latitude and longitude go together' });
    }
    const places = [client.ip, client.country, client.latitude].filter((place) => place !== undefined);
    if (places.length > 1) issues.addIssue({ code: 'custom', path: [], message: 'give one of ip, country, or latitude and longitude' });
  });

const overrideSchema = z.strictObject({
  state: z.enum(ADMIN_STATES).optional(),
  health: z.enum(HEALTH_STATUSES).optional(),
  load: z.number().min(0).max(1).optional(),
});

export const evaluateSchema = z
  .strictObject({
    room: z.string().min(1).max(200).optional().describe('Id or slug of a room of the tenant.'),
    policy: wishSchema.optional().describe('Put in place of the room\'s own.'),
    clients: z.array(clientSchema).min(1).max(MAX_CLIENTS),
    overrides: z.strictObject({ regions: z.record(regionIdSchema, overrideSchema).optional() }).optional(),
  })
  .meta({ id: 'PlacementEvaluation' });

export type Evaluation = z.output<typeof evaluateSchema>;
export type EvaluatedClient = Evaluation['clients'][number];
export type RegionOverride = z.output<typeof overrideSchema>;
