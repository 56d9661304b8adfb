import type { FieldError } from '../kernel/app-error.ts';
import { hasUser, redisServerOf, withoutUser } from './region-address.ts';
import type { RegionEntry } from './region-document.ts';

/** A key in the stored document: without its secret, with the time it came. */
export interface StoredKey {
  readonly id: string;
  readonly key: string;
  readonly use: 'sign' | 'verify' | 'retired';
  readonly addedAt: string;
}

type EntryStorage = NonNullable<RegionEntry['storage']>;
type StoredStorage = Omit<EntryStorage, 'credentials'> & { readonly credentials?: { readonly accessKeyId: string } };

/** A region's document as it is kept and diffed: whole, and without any secret. */
export type StoredDocument = Omit<RegionEntry, 'name' | 'livekit' | 'storage'> & {
  readonly name: string;
  readonly livekit: Omit<RegionEntry['livekit'], 'keys'> & { readonly keys: readonly StoredKey[] };
  readonly storage?: StoredStorage;
};

/** Secrets in the clear, by their place in the document: `livekit.keys.<id>.secret` and so on. */
export type PlainSecrets = Readonly<Record<string, string>>;

/** A region's configuration taken apart into what may be read and what may not. */
export interface RegionConfig {
  readonly document: StoredDocument;
  readonly secrets: PlainSecrets;
}

export const CREDENTIALS_SECRET = 'storage.credentials.secretAccessKey';
export const REDIS_SECRET = 'redis.url';
export function keySecretPath(keyId: string): string {
  return `livekit.keys.${keyId}.secret`;
}

export interface TakenConfig extends RegionConfig {
  /** Secrets that were left out and are not stored either. */
  readonly errors: readonly FieldError[];
}

/**
 * Takes a written document apart. A secret that was left out is the stored one: of a key by the key's id, of storage
 * credentials by their `accessKeyId`, of Redis by its server.
 */
export function takeConfig(entry: RegionEntry, before: RegionConfig | undefined, now: Date): TakenConfig {
  const { name, livekit, storage, redis, ...rest } = entry;
  const keys = takeKeys(livekit.keys, before, now);
  const bucket = storage && takeStorage(storage, before);
  const server = redis && takeRedis(redis.url, before);
  const document: StoredDocument = {
    ...rest,
    name: name ?? entry.id,
    livekit: { ...livekit, keys: keys.stored },
    ...(bucket && { storage: bucket.stored }),
    ...(server && { redis: { url: server.stored } }),
  };
  return {
    document,
    secrets: { ...keys.secrets, ...bucket?.secrets, ...server?.secrets },
    errors: [...keys.errors, ...(bucket?.errors ?? [])],
  };
}

interface Taken<T> {
  readonly stored: T;
  readonly secrets: PlainSecrets;
  readonly errors: readonly FieldError[];
}

function takeKeys(keys: RegionEntry['livekit']['keys'], before: RegionConfig | undefined, now: Date): Taken<readonly StoredKey[]> {
  const secrets: Record<string, string> = {};
  const errors: FieldError[] = [];
  const stored = keys.map(({ id, key, use, secret }, index): StoredKey => {
    const path = keySecretPath(id);
    const kept = before?.secrets[path];
    const known = before?.document.livekit.keys.find((each) => each.id === id);
    const same = known?.key === key && (secret === undefined || secret === kept);
    const value = secret ?? kept;
    if (value === undefined) errors.push({ path: `livekit.keys.${index}.secret`, message: 'is needed for a new key' });
    else secrets[path] = value;
    return { id, key, use, addedAt: same ? known.addedAt : now.toISOString() };
  });
  return { stored, secrets, errors };
}

function takeStorage(storage: EntryStorage, before: RegionConfig | undefined): Taken<StoredStorage> {
  const { credentials: written, ...stored } = storage;
  const credentials = written === undefined ? before?.document.storage?.credentials : written;
  if (!credentials) return { stored, secrets: {}, errors: [] };
  const { accessKeyId } = credentials;
  const sameAccess = before?.document.storage?.credentials?.accessKeyId === accessKeyId;
  const value = written?.secretAccessKey ?? (sameAccess ? before.secrets[CREDENTIALS_SECRET] : undefined);
  if (value === undefined) {
    const error = { path: CREDENTIALS_SECRET, message: 'is needed for a new accessKeyId' };
    return { stored, secrets: {}, errors: [error] };
  }
  return { stored: { ...stored, credentials: { accessKeyId } }, secrets: { [CREDENTIALS_SECRET]: value }, errors: [] };
}

function takeRedis(url: string, before: RegionConfig | undefined): Omit<Taken<string>, 'errors'> {
  const stored = withoutUser(url);
  if (hasUser(url)) return { stored, secrets: { [REDIS_SECRET]: url } };
  const kept = before?.secrets[REDIS_SECRET];
  const same = kept !== undefined && redisServerOf(kept) === redisServerOf(url);
  return { stored, secrets: same ? { [REDIS_SECRET]: kept } : {} };
}

/** The stored document as an operator would write it, without secrets: what a `PATCH` is merged into. */
export function toEntry(document: StoredDocument): Record<string, unknown> {
  const keys = document.livekit.keys.map(({ id, key, use }) => ({ id, key, use }));
  return { ...document, livekit: { ...document.livekit, keys } };
}
