import { AppError } from '../kernel/app-error.ts';
import type { Region, RegionSnapshot } from './region.ts';
import { freezeSnapshot, toRegion } from './region-snapshot.ts';
import type { StoredConfiguration } from './region-store.ts';
import type { RegionVault } from './region-vault.ts';

/** What this process knows of the regions' configuration: one frozen snapshot, exchanged as a whole. */
export interface RegionDirectory {
  /** @throws Error before the first `refresh`. */
  snapshot(): RegionSnapshot;
  find(id: string): Region | undefined;
  /** @throws AppError `region.unknown`: 422, or 404 where the id stood in the path. */
  get(id: string, place: 'path' | 'body'): Region;
  /** Reads the configuration anew. Calls that overlap end with what was read last. @throws when it cannot be read. */
  refresh(): Promise<void>;
  /** Called with the new and the old snapshot after each change. */
  onChange(listener: (now: RegionSnapshot, before: RegionSnapshot) => void): void;
}

const EMPTY: RegionSnapshot = freezeSnapshot({ revision: -1, regions: [] });

export function createRegionDirectory(options: { readonly read: () => Promise<StoredConfiguration>; readonly vault: RegionVault }): RegionDirectory {
  const { read, vault } = options;
  const listeners: ((now: RegionSnapshot, before: RegionSnapshot) => void)[] = [];
  let current = EMPTY;
  let byId = new Map<string, Region>();

  async function refresh(): Promise<void> {
    const { revision, regions } = await read();
    const opened = await Promise.all(regions.map(async (stored) => toRegion(stored, await vault.open(stored))));
    // Two refreshes may overlap: the older reading never wins.
    if (revision <= current.revision) return;
    const before = current;
    current = freezeSnapshot({ revision, regions: opened });
    byId = new Map(opened.map((region) => [region.id, region]));
    for (const listener of listeners) listener(current, before);
  }

  return {
    refresh,
    snapshot: () => {
      if (current === EMPTY) throw new Error('the regions were not loaded yet');
      return current;
    },
    find: (id) => byId.get(id),
    get: (id, place) => {
      const region = byId.get(id);
      if (region === undefined) throw unknownRegion(place);
      return region;
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

/** The contract gives an unknown region two statuses: 404 in a path, 422 in a body. */
export function unknownRegion(place: 'path' | 'body'): AppError {
  const detail = 'There is no such region.';
  return place === 'path' ? new AppError('region.unknown', { detail, kind: 'not-found' }) : new AppError('region.unknown', { detail });
}
