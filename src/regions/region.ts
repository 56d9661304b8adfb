import type { Secret } from '../kernel/secret.ts';

export const ADMIN_STATES = ['enabled', 'cordoned', 'disabled'] as const;
export type AdminState = (typeof ADMIN_STATES)[number];

export const HEALTH_STATUSES = ['unknown', 'healthy', 'degraded', 'unhealthy', 'misconfigured'] as const;
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** What a key is for: `sign` signs and verifies, `verify` only verifies, `retired` does neither. */
export const KEY_USES = ['sign', 'verify', 'retired'] as const;
export type KeyUse = (typeof KEY_USES)[number];

export const EGRESS_KINDS = ['composite', 'audio', 'participant', 'track'] as const;
export const EGRESS_FILE_TYPES = ['mp4', 'ogg', 'webm'] as const;
export const CHECKSUM_MODES = ['when-supported', 'when-required'] as const;

/** A pair of LiveKit credentials; `id` is ours, `key` is LiveKit's name of it. */
export interface RegionKey {
  readonly id: string;
  readonly key: string;
  readonly secret: Secret;
  readonly use: KeyUse;
  /** When this pair came into the configuration: the newest `sign` key is the one that signs. */
  readonly addedAt: Date;
}

export interface RegionStorage {
  readonly bucket: string;
  readonly endpoint: string | undefined;
  readonly s3Region: string;
  readonly forcePathStyle: boolean;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: Secret } | undefined;
  readonly checksumMode: (typeof CHECKSUM_MODES)[number];
  /** The region whose bucket the provider itself replicates into this one. */
  readonly replicationOf: string | undefined;
  /** The bucket's own where it was said, else its region's. */
  readonly jurisdiction: string;
}

export interface RegionCapacity {
  readonly maxParticipants: number | undefined;
  /** Our open sessions. */
  readonly maxRooms: number | undefined;
  /** The largest room that fits on one node. */
  readonly maxRoomParticipants: number | undefined;
  /** Cores of each node. */
  readonly nodeCores: number | undefined;
  /** Load (0…1) from which the region is used only when every other is over its own limit. */
  readonly loadLimit: number;
}

export interface RegionEgress {
  readonly kinds: readonly (typeof EGRESS_KINDS)[number][];
  readonly fileTypes: readonly (typeof EGRESS_FILE_TYPES)[number][];
  readonly metricsUrls: readonly string[];
}

/** One region as every process holds it, its secrets opened. Frozen. */
export interface Region {
  readonly id: string;
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly jurisdiction: string;
  readonly livekit: { readonly publicUrl: string; readonly apiUrl: string; readonly keys: readonly RegionKey[] };
  readonly storage: RegionStorage | undefined;
  readonly redisUrl: Secret | undefined;
  readonly metricsUrls: readonly string[];
  readonly capacity: RegionCapacity;
  readonly egress: RegionEgress | undefined;
  /** Host names that stand for this region, lower case. */
  readonly hostnames: readonly string[];
  /** ISO 3166-1 alpha-2 codes that this region serves whatever the distance, upper case. */
  readonly countries: readonly string[];
  readonly tags: readonly string[];
  readonly adminState: AdminState;
  /** The revision that changed this region last: the value of its row, to be compared when a session is opened. */
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The whole configuration of regions at one revision (0 = nobody ever made one), by id. Frozen. */
export interface RegionSnapshot {
  readonly revision: number;
  readonly regions: readonly Region[];
}

/** What is measured of a region, as this process knows it now. */
export interface RegionHealth {
  readonly status: HealthStatus;
  /** One phrase for people; empty while all is well. */
  readonly reason: string;
  readonly since: Date;
  /** Whether a probe of this region has ever been good, by any replica. */
  readonly proven: boolean;
  /** 0…1; undefined when nothing measures it. */
  readonly load: number | undefined;
}

/** A region and its health together: everything that a placement needs to know. */
export interface RegionView {
  readonly region: Region;
  readonly health: RegionHealth;
  /** Whether it would take a new session: enabled, proven, and healthy or degraded. */
  readonly accepting: boolean;
}

/** Whether the region would take a new session: enabled, proven, and healthy or degraded. */
export function isAccepting(region: Pick<Region, 'adminState'>, health: Pick<RegionHealth, 'status' | 'proven'>): boolean {
  return region.adminState === 'enabled' && health.proven && (health.status === 'healthy' || health.status === 'degraded');
}

/** The key that signs now: of those with use `sign`, the one that came last into the configuration. */
export function signingKeyOf(region: Pick<Region, 'livekit'>): RegionKey | undefined {
  return region.livekit.keys
    .filter(({ use }) => use === 'sign')
    .reduce<RegionKey | undefined>((newest, key) => (newest && newest.addedAt > key.addedAt ? newest : key), undefined);
}

/** The address that a browser may call to measure its distance: the public one over http(s). */
export function probeUrlOf(region: Pick<Region, 'livekit'>): string {
  return region.livekit.publicUrl.replace(/^ws/, 'http');
}
