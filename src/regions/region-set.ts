import type { FieldError } from '../kernel/app-error.ts';
import { redisServerOf } from './region-address.ts';
import type { RegionConfig, StoredDocument } from './region-config.ts';

/** What is wrong between regions, though each is sound by itself: they are checked as one set. */

type Placed = Pick<StoredDocument, 'id' | 'redis' | 'hostnames'>;

/**
 * Faults of `changed` (the entries being written) in the set that would result. Two regions on one Redis server would
 * see each other's rooms; one host name cannot stand for two regions. `pathOf` says where an entry stands in the request.
 */
export function faultsOfSet(
  all: readonly Placed[],
  changed: readonly Placed[],
  pathOf: (entry: Placed) => string,
): FieldError[] {
  return changed.flatMap((entry) => {
    const others = all.filter(({ id }) => id !== entry.id);
    return [...redisFaults(entry, others, pathOf(entry)), ...hostnameFaults(entry, others, pathOf(entry))];
  });
}

function redisFaults(entry: Placed, others: readonly Placed[], prefix: string): FieldError[] {
  if (!entry.redis) return [];
  const server = redisServerOf(entry.redis.url);
  const sharing = others.find(({ redis }) => redis && redisServerOf(redis.url) === server);
  if (sharing === undefined) return [];
  return [{ path: `${prefix}redis.url`, message: `is the Redis server of region ${sharing.id}; each region needs its own` }];
}

function hostnameFaults(entry: Placed, others: readonly Placed[], prefix: string): FieldError[] {
  return entry.hostnames.flatMap((name, index) => {
    const sharing = others.find(({ hostnames }) => hostnames.includes(name));
    if (sharing === undefined) return [];
    return [{ path: `${prefix}hostnames.${index}`, message: `stands for region ${sharing.id} already` }];
  });
}

/** What an operator should know though it is allowed; sentences for the log. */
export function warningsOfSet(configs: readonly RegionConfig[], controlPlaneRedis: string | undefined): string[] {
  const control = controlPlaneRedis === undefined ? undefined : redisServerOf(controlPlaneRedis);
  return configs.flatMap(({ document, secrets }) => {
    const warnings: string[] = [];
    if (document.redis && redisServerOf(document.redis.url) === control) {
      warnings.push(`region ${document.id} uses the control plane's own Redis server: a fault of one is a fault of both`);
    }
    const short = document.livekit.keys.filter(({ id }) => (secrets[`livekit.keys.${id}.secret`] ?? '').length < MIN_SOUND_SECRET);
    for (const { id } of short) {
      warnings.push(`region ${document.id}: the secret of key ${id} is shorter than ${MIN_SOUND_SECRET} characters and can be guessed`);
    }
    return warnings;
  });
}

/** RFC 7518 section 3.2: a key for HS256 has at least the length of the digest, 256 bits. LiveKit warns below it too. */
const MIN_SOUND_SECRET = 32;
