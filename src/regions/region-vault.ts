import type { Secret } from '../kernel/secret.ts';
import type { SecretBox } from '../platform/secrets/secret-box.ts';
import type { PlainSecrets, RegionConfig } from './region-config.ts';
import type { SealedSecrets, StoredRegion } from './region-store.ts';

/** Seals and opens the secrets of regions, each bound to its region and its place in the document. */
export interface RegionVault {
  /** A secret that has not changed keeps its sealed text. */
  seal(id: string, secrets: PlainSecrets, before: { readonly plain: PlainSecrets; readonly sealed: SealedSecrets }): Promise<SealedSecrets>;
  open(region: Pick<StoredRegion, 'id' | 'secrets'>): Promise<ReadonlyMap<string, Secret>>;
  /** The whole configuration of a stored region, secrets in the clear: for comparing, never for keeping. */
  reveal(region: StoredRegion): Promise<RegionConfig>;
}

export function createRegionVault({ box }: { readonly box: SecretBox }): RegionVault {
  async function open({ id, secrets }: Pick<StoredRegion, 'id' | 'secrets'>): Promise<ReadonlyMap<string, Secret>> {
    const opened = Object.entries(secrets).map(async ([path, sealed]) => [path, await box.open(sealed, placeOf(id, path))] as const);
    return new Map(await Promise.all(opened));
  }

  return {
    open,
    seal: async (id, secrets, before) => {
      const sealed = Object.entries(secrets).map(async ([path, plain]) => {
        const kept = before.plain[path] === plain ? before.sealed[path] : undefined;
        return [path, kept ?? (await box.seal(plain, placeOf(id, path)))] as const;
      });
      return Object.fromEntries(await Promise.all(sealed));
    },
    reveal: async (region) => {
      const secrets = await open(region);
      return { document: region.document, secrets: Object.fromEntries([...secrets].map(([path, secret]) => [path, secret.reveal()])) };
    },
  };
}

function placeOf(regionId: string, path: string): string {
  return `region/${regionId}/${path}`;
}
