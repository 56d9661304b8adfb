import { Secret } from '../kernel/secret.ts';
import { CREDENTIALS_SECRET, REDIS_SECRET, keySecretPath } from './region-config.ts';
import type { Region, RegionSnapshot, RegionStorage } from './region.ts';
import type { StoredRegion } from './region-store.ts';

type OpenedSecrets = ReadonlyMap<string, Secret>;

/** Puts a stored region and its opened secrets together. */
export function toRegion(stored: StoredRegion, secrets: OpenedSecrets): Region {
  const { document, adminState, revision, createdAt, updatedAt } = stored;
  const { id, name, latitude, longitude, jurisdiction, livekit, capacity, egress } = document;
  const redisUrl = document.redis && (secrets.get(REDIS_SECRET) ?? new Secret(document.redis.url));
  return {
    id, name, latitude, longitude, jurisdiction, redisUrl, adminState, revision, createdAt, updatedAt,
    livekit: {
      ...livekit,
      keys: livekit.keys.map((key) => ({ ...key, secret: secretAt(secrets, keySecretPath(key.id)), addedAt: new Date(key.addedAt) })),
    },
    storage: toStorage(document, secrets),
    metricsUrls: document.metricsUrls,
    capacity: {
      maxParticipants: capacity.maxParticipants,
      maxRooms: capacity.maxRooms,
      maxRoomParticipants: capacity.maxRoomParticipants,
      nodeCores: capacity.nodeCores,
      loadLimit: capacity.loadLimit,
    },
    egress: egress && { ...egress, metricsUrls: egress.metricsUrls ?? [] },
    hostnames: document.hostnames,
    countries: document.countries,
    tags: document.tags,
  };
}

function toStorage({ storage, jurisdiction }: StoredRegion['document'], secrets: OpenedSecrets): RegionStorage | undefined {
  if (!storage) return undefined;
  const { credentials } = storage;
  return {
    bucket: storage.bucket,
    endpoint: storage.endpoint,
    s3Region: storage.s3Region,
    forcePathStyle: storage.forcePathStyle,
    credentials: credentials && { ...credentials, secretAccessKey: secretAt(secrets, CREDENTIALS_SECRET) },
    checksumMode: storage.checksumMode,
    replicationOf: storage.replicationOf,
    jurisdiction: storage.jurisdiction ?? jurisdiction,
  };
}

function secretAt(secrets: OpenedSecrets, path: string): Secret {
  const secret = secrets.get(path);
  if (secret === undefined) throw new Error(`the stored region lacks its secret at ${path}`);
  return secret;
}

/** A snapshot that nobody can change, all the way down. */
export function freezeSnapshot(snapshot: RegionSnapshot): RegionSnapshot {
  freezeDeep(snapshot);
  return snapshot;
}

function freezeDeep(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Secret) return;
  for (const member of Object.values(value)) freezeDeep(member);
  Object.freeze(value);
}
