import { z } from 'zod';
import { OPERATOR_SLUG } from '../kernel/ids.ts';
import { faultOfAddress, faultOfRedisAddress } from './region-address.ts';
import { CHECKSUM_MODES, EGRESS_FILE_TYPES, EGRESS_KINDS, KEY_USES } from './region.ts';

/**
 * The document of a region as an operator writes it: body of a `PUT`, entry of the regions file. Secrets may be left
 * out where the stored ones shall stay.
 */

const MAX_LIST = 100;
/** No LiveKit deployment comes near; a typing error with three zeros too many does not reach a placement. */
const MAX_COUNT = 10_000_000;
const MAX_SECRET_LENGTH = 512;

const count = z.number().int().min(1).max(MAX_COUNT);
const secret = z.string().min(1).max(MAX_SECRET_LENGTH);
const word = z.string().regex(/^[\w][\w.-]{0,62}$/, 'must be 1 to 63 letters, digits, "_", "." or "-"');
const jurisdiction = z.string().regex(/^[A-Za-z0-9][\w-]{0,31}$/, 'must be a short code such as EU');

function address(...protocols: readonly string[]): z.ZodType<string, string> {
  return z
    .string()
    .max(2_000)
    .superRefine((text, context) => {
      const fault = faultOfAddress(text, protocols);
      if (fault !== undefined) context.addIssue(fault);
    })
    .transform((text) => text.replace(/\/+$/, ''));
}

const livekitAddress = address('wss:', 'https:', 'ws:', 'http:');
const httpAddress = address('https:', 'http:');

const keySchema = z.strictObject({
  id: word,
  key: z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be LiveKit\'s name of the key, without blanks'),
  secret: secret.optional().describe('Write-only. Left out: the stored one of this `id` stays.'),
  use: z.enum(KEY_USES),
});

const keysSchema = z
  .array(keySchema)
  .min(1)
  .max(20)
  .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, 'names an id twice')
  .refine((keys) => new Set(keys.map(({ key }) => key)).size === keys.length, 'names a key twice')
  .refine((keys) => keys.some(({ use }) => use === 'sign'), 'needs at least one key with use "sign"');

const credentialsSchema = z.strictObject({
  accessKeyId: z.string().min(1).max(256),
  secretAccessKey: secret.optional().describe('Write-only. Left out: the stored one of this `accessKeyId` stays.'),
});

const storageSchema = z.strictObject({
  bucket: z.string().regex(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/, 'must be a bucket name'),
  endpoint: httpAddress.optional().describe('Left out: Amazon S3 of `s3Region`.'),
  s3Region: word,
  forcePathStyle: z.boolean().default(false),
  credentials: credentialsSchema
    .nullish()
    .describe('Write-only. Left out: the stored ones stay; null: the process\' own identity (instance profile).'),
  checksumMode: z.enum(CHECKSUM_MODES).default('when-supported'),
  replicationOf: z.string().regex(OPERATOR_SLUG).optional(),
  jurisdiction: jurisdiction.optional(),
});

const capacitySchema = z.strictObject({
  maxParticipants: count.optional(),
  maxRooms: count.optional(),
  maxRoomParticipants: count.optional(),
  nodeCores: z.number().positive().max(4_096).optional(),
  loadLimit: z.number().positive().max(1).default(0.9),
});

const egressSchema = z.strictObject({
  kinds: z.array(z.enum(EGRESS_KINDS)).min(1),
  fileTypes: z.array(z.enum(EGRESS_FILE_TYPES)).min(1),
  metricsUrls: z.array(httpAddress).max(MAX_LIST).optional(),
});

const hostname = z
  .string()
  .toLowerCase()
  .regex(/^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/, 'must be a host name without a port');
const country = z
  .string()
  .toUpperCase()
  .regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 code of two letters');

export const regionIdSchema = z.string().regex(OPERATOR_SLUG, 'must be 1 to 63 of a-z 0-9 _ -, beginning with a letter or digit');

const regionShape = {
  name: z.string().min(1).max(200).optional().describe('Default: the id.'),
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  jurisdiction,
  livekit: z.strictObject({ publicUrl: livekitAddress, apiUrl: livekitAddress, keys: keysSchema }),
  storage: storageSchema.optional(),
  redis: z
    .strictObject({
      url: z.string().max(2_000).superRefine((text, context) => {
        const fault = faultOfRedisAddress(text);
        if (fault !== undefined) context.addIssue(fault);
      }),
    })
    .optional()
    .describe('The region\'s own Redis. No two regions may share one.'),
  metricsUrls: z.array(httpAddress).max(MAX_LIST).default([]).describe('Prometheus addresses, one for each node.'),
  capacity: capacitySchema.prefault({}),
  egress: egressSchema.optional(),
  hostnames: z.array(hostname).max(MAX_LIST).default([]),
  countries: z.array(country).max(300).default([]),
  tags: z.array(word).max(MAX_LIST).default([]),
};

/** Body of `PUT /v1/ops/regions/{id}`; `id` may stand in it if it is the same. */
export const regionBodySchema = z
  .strictObject({ id: regionIdSchema.optional(), ...regionShape })
  .meta({ id: 'RegionDocument' });

/** An entry of a regions document. */
export const regionEntrySchema = z.strictObject({ id: regionIdSchema, ...regionShape });

export const regionsDocumentSchema = z.strictObject({
  regions: z
    .array(regionEntrySchema)
    .max(1_000)
    .refine((regions) => new Set(regions.map(({ id }) => id)).size === regions.length, 'names an id twice'),
});

/** One region as it was written, defaults filled in. */
export type RegionEntry = z.output<typeof regionEntrySchema>;
export type RegionsDocument = z.output<typeof regionsDocumentSchema>;
