import { z } from 'zod';
import { timeSchema } from '../platform/http/wire.ts';
import { ADMIN_STATES, CHECKSUM_MODES, EGRESS_FILE_TYPES, EGRESS_KINDS, HEALTH_STATUSES, KEY_USES } from './region.ts';

/** What regions look like to whom. Secrets are never among it. */

export const publicRegionSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    latitude: z.number(),
    longitude: z.number(),
    jurisdiction: z.string(),
    probeUrl: z.string().describe('Address to measure the distance to this region by.'),
    accepting: z.boolean().describe('Whether it takes new sessions at the moment.'),
  })
  .meta({ id: 'PublicRegion' });

export const publicRegionListSchema = z.object({ items: z.array(publicRegionSchema) });

const keySchema = z.object({
  id: z.string(),
  keyId: z.string().describe('LiveKit\'s name of the key: the written `key`.'),
  use: z.enum(KEY_USES),
  fingerprint: z.string().describe('The first 16 hexadecimal digits of the secret\'s SHA-256.'),
  lastUsedAt: timeSchema.nullable(),
});

const storageSchema = z.object({
  bucket: z.string(),
  endpoint: z.string().nullable(),
  s3Region: z.string(),
  forcePathStyle: z.boolean(),
  credentials: z.object({ accessKeyId: z.string(), fingerprint: z.string() }).nullable(),
  checksumMode: z.enum(CHECKSUM_MODES),
  replicationOf: z.string().nullable(),
  jurisdiction: z.string().describe('The bucket\'s own, else the region\'s.'),
});

const countOrNull = z.number().nullable();

export const regionSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    latitude: z.number(),
    longitude: z.number(),
    jurisdiction: z.string(),
    state: z.enum(ADMIN_STATES),
    health: z.object({ status: z.enum(HEALTH_STATUSES), reason: z.string(), since: timeSchema }),
    accepting: z.boolean(),
    load: countOrNull.describe('0 to 1; null while nothing measures it.'),
    livekit: z.object({ publicUrl: z.string(), apiUrl: z.string(), keys: z.array(keySchema) }),
    storage: storageSchema.nullable(),
    redis: z.object({ url: z.string() }).nullable().describe('Without user and password.'),
    metricsUrls: z.array(z.string()),
    capacity: z.object({
      maxParticipants: countOrNull,
      maxRooms: countOrNull,
      maxRoomParticipants: countOrNull,
      nodeCores: countOrNull,
      loadLimit: z.number(),
    }),
    egress: z
      .object({ kinds: z.array(z.enum(EGRESS_KINDS)), fileTypes: z.array(z.enum(EGRESS_FILE_TYPES)), metricsUrls: z.array(z.string()) })
      .nullable(),
    hostnames: z.array(z.string()),
    countries: z.array(z.string()),
    tags: z.array(z.string()),
    revision: z.number().describe('The revision that changed this region last.'),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Region' });

export const regionListSchema = z.object({ items: z.array(regionSchema) });

export const regionHealthSchema = z
  .object({
    region: z.string(),
    status: z.enum(HEALTH_STATUSES),
    reason: z.string(),
    since: timeSchema,
    probes: z.array(
      z.object({
        at: timeSchema,
        outcome: z.enum(['good', 'bad', 'refused']),
        durationMs: z.number(),
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: 'RegionHealth' });

export const revisionSchema = z
  .object({
    n: z.number(),
    author: z.string(),
    at: timeSchema,
    diff: z.array(z.object({ region: z.string(), change: z.enum(['added', 'changed', 'removed']), fields: z.array(z.string()) })),
  })
  .meta({ id: 'RegionRevision' });
