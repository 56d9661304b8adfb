import { createConfirmedCache } from '../coordination/confirmed-cache.ts';
import type { Freshness } from '../coordination/freshness.ts';
import type { Generations } from '../coordination/generation.ts';
import { dependencyUnavailable } from '../kernel/app-error.ts';
import type { Actor } from '../platform/http/actor.ts';
import type { CredentialReader } from '../platform/http/authenticate.ts';
import type { ApiKeyId } from '../kernel/ids.ts';
import { type ApiKey, actorOf, isCredentialOf, isExpired, keyIdOf } from './api-key.ts';
import type { ApiKeyStore } from './api-key-store.ts';

/** Credentials of 10,000 integrators in memory take a few megabytes. */
const MAX_CACHED = 10_000;

interface KnownCredential {
  readonly key: ApiKey;
  readonly actor: Actor;
}

export interface CachedCredentials {
  readonly read: CredentialReader;
  /** Hands the ids used since it last succeeded to `note`, for `last used`. */
  flushUsed(note: (ids: readonly string[]) => Promise<void>): Promise<void>;
}

/**
 * Tells who a bearer credential belongs to. A credential that was valid is remembered by its whole text, so that a
 * join costs no digest; a revocation anywhere moves the keys' generation, and what was remembered is read again.
 */
export function createCredentialReader(options: {
  readonly store: ApiKeyStore;
  readonly freshness: Freshness;
  readonly generations: Generations;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}): CachedCredentials {
  const { store, freshness, nowMs } = options;
  const used = new Set<string>();
  const cache = createConfirmedCache<KnownCredential>({
    freshness,
    monotonicMs: options.monotonicMs,
    maxEntries: MAX_CACHED,
    read: async (credential) => {
      const id = keyIdOf(credential);
      const key = id && (await store.find(id));
      return key && isCredentialOf(key, credential) ? { key, actor: actorOf(key) } : undefined;
    },
  });

  options.generations.onChange('keys', async () => {
    // A read that began before the revocation may still bring the key back.
    cache.spoilReads();
    const known = [...cache.keys()];
    if (known.length === 0) return;
    const ids = known.map(keyIdOf).filter((id): id is ApiKeyId => id !== undefined);
    const rows = new Map((await store.findMany(ids)).map((key) => [key.id, key]));
    for (const credential of known) {
      const key = rows.get(keyIdOf(credential) as ApiKeyId);
      if (key && isCredentialOf(key, credential)) cache.put(credential, { key, actor: actorOf(key) });
      else cache.invalidate(credential);
    }
  });

  function accept(known: KnownCredential | undefined): Actor | undefined {
    if (!known) return undefined;
    if (!isExpired(known.key, nowMs())) {
      used.add(known.key.id);
      return known.actor;
    }
    // Cut off, nothing is said about a credential that the last look cannot answer for.
    if (freshness.isCutOff()) throw dependencyUnavailable('Postgres');
    return undefined;
  }

  return {
    read: (credential) => {
      if (!cache.peek(credential) && !keyIdOf(credential)) return undefined;
      const known = cache.get(credential);
      return known instanceof Promise ? known.then(accept) : accept(known);
    },
    flushUsed: async (note) => {
      const ids = [...used];
      if (ids.length === 0) return;
      await note(ids);
      for (const id of ids) used.delete(id);
    },
  };
}
