import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { Secret } from '../kernel/secret.ts';
import { isoTime } from '../platform/http/wire.ts';
import { withoutUser } from './region-address.ts';
import type { Probe } from './region-health.ts';
import type { RegionRevision } from './region-revision-store.ts';
import type { publicRegionSchema, regionHealthSchema, regionSchema, revisionSchema } from './region-schemas.ts';
import { type Region, type RegionHealth, type RegionStorage, type RegionView, probeUrlOf } from './region.ts';

/** What everybody may see. */
export function toPublicRegion({ region, accepting }: RegionView): z.output<typeof publicRegionSchema> {
  const { id, name, latitude, longitude, jurisdiction } = region;
  return { id, name, latitude, longitude, jurisdiction, probeUrl: probeUrlOf(region), accepting };
}

/** `keyUses`: ISO times of the last use of the region's keys, by the key's id. */
export function toWireRegion({ region, health, accepting }: RegionView, keyUses: Readonly<Record<string, string>>): z.output<typeof regionSchema> {
  const { id, name, latitude, longitude, jurisdiction, livekit, storage, redisUrl, egress, capacity } = region;
  return {
    id, name, latitude, longitude, jurisdiction, accepting,
    state: region.adminState,
    health: { status: health.status, reason: health.reason, since: isoTime(health.since) },
    load: health.load ?? null,
    livekit: { publicUrl: livekit.publicUrl, apiUrl: livekit.apiUrl, keys: livekit.keys.map((key) => toWireKey(key, keyUses[key.id])) },
    storage: storage ? toWireStorage(storage) : null,
    redis: redisUrl ? { url: withoutUser(redisUrl.reveal()) } : null,
    metricsUrls: [...region.metricsUrls],
    capacity: {
      maxParticipants: capacity.maxParticipants ?? null,
      maxRooms: capacity.maxRooms ?? null,
      maxRoomParticipants: capacity.maxRoomParticipants ?? null,
      nodeCores: capacity.nodeCores ?? null,
      loadLimit: capacity.loadLimit,
    },
    egress: egress ? { kinds: [...egress.kinds], fileTypes: [...egress.fileTypes], metricsUrls: [...egress.metricsUrls] } : null,
    hostnames: [...region.hostnames],
    countries: [...region.countries],
    tags: [...region.tags],
    revision: region.revision,
    createdAt: isoTime(region.createdAt),
    updatedAt: isoTime(region.updatedAt),
  };
}

type WireKey = z.output<typeof regionSchema>['livekit']['keys'][number];

function toWireKey({ id, key, use, secret }: Region['livekit']['keys'][number], lastUsedAt: string | undefined): WireKey {
  return { id, keyId: key, use, fingerprint: fingerprintOf(secret), lastUsedAt: lastUsedAt ?? null };
}

function toWireStorage(storage: RegionStorage): NonNullable<z.output<typeof regionSchema>['storage']> {
  const { bucket, endpoint, s3Region, forcePathStyle, credentials, checksumMode, replicationOf, jurisdiction } = storage;
  return {
    bucket, s3Region, forcePathStyle, checksumMode, jurisdiction,
    endpoint: endpoint ?? null,
    credentials: credentials ? { accessKeyId: credentials.accessKeyId, fingerprint: fingerprintOf(credentials.secretAccessKey) } : null,
    replicationOf: replicationOf ?? null,
  };
}

/** Enough to tell two secrets apart and to compare one with a copy elsewhere; 64 bits of a digest give nothing away. */
function fingerprintOf(secret: Secret): string {
  return createHash('sha256').update(secret.reveal()).digest('hex').slice(0, 16);
}

export function toWireHealth(id: string, { status, reason, since }: RegionHealth, probes: readonly Probe[]): z.output<typeof regionHealthSchema> {
  return { region: id, status, reason, since: isoTime(since), probes: probes.map((probe) => ({ ...probe, at: isoTime(probe.at) })) };
}

export function toWireRevision({ n, author, at, diff }: RegionRevision): z.output<typeof revisionSchema> {
  return { n, author, at: isoTime(at), diff: diff.map((change) => ({ ...change, fields: [...change.fields] })) };
}
