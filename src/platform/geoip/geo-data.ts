import { readFile } from 'node:fs/promises';
import { signatureOf } from './geo-file.ts';
import { type GeoFiles, type GeoFileSet, NO_FILES, openFileSet, signatureOfSet } from './geo-files.ts';
import { type GeoOverride, readOverrides } from './geo-overrides.ts';
import { createWatchedValue, type WatchedValue } from './watched-value.ts';

/** The operator's files; until they can be used, the first packaged set that can. */
export function watchFiles(paths: readonly string[], packaged: readonly GeoFileSet[]): WatchedValue<GeoFiles> {
  const own: GeoFileSet = { source: 'operator', paths };
  if (paths.length === 0) return watchPackaged(packaged);
  const fallback = watchPackaged(packaged);
  const watched = createWatchedValue<GeoFiles>({
    initial: NO_FILES,
    signature: () => signatureOfSet(own),
    load: (current) => openFileSet(own, current),
  });
  const ready = (): boolean => watched.current().source !== 'none';
  return {
    current: () => (ready() ? watched.current() : fallback.current()),
    problem: watched.problem,
    refresh: async () => {
      const outcome = await watched.refresh();
      if (!ready()) await fallback.refresh();
      return outcome;
    },
  };
}

/** Packaged files change with an installation only, so they are opened once. */
function watchPackaged(sets: readonly GeoFileSet[]): WatchedValue<GeoFiles> {
  return createWatchedValue<GeoFiles>({
    initial: NO_FILES,
    signature: () => Promise.resolve('installed'),
    load: () => openFirst(sets),
  });
}

async function openFirst(sets: readonly GeoFileSet[]): Promise<GeoFiles> {
  const problems: unknown[] = [];
  for (const set of sets) {
    try {
      return await openFileSet(set);
    } catch (error) {
      problems.push(error);
    }
  }
  throw new Error('there is no usable GeoIP file', { cause: problems });
}

/** The operator's overrides; none without a path. */
export function watchOverrides(path: string | undefined): WatchedValue<readonly GeoOverride[]> {
  return createWatchedValue<readonly GeoOverride[]>({
    initial: [],
    signature: async () => (path === undefined ? 'none' : ((await signatureOf(path)) ?? 'absent')),
    load: async () => (path === undefined ? [] : readOverrides(await readFile(path, 'utf8'))),
  });
}
