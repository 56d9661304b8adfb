import type { Clock } from '../../kernel/clock.ts';
import { watchFiles, watchOverrides } from './geo-data.ts';
import type { GeoFile } from './geo-file.ts';
import { findRecord, type GeoFiles, type GeoFileSet, packagedFileSets } from './geo-files.ts';
import { findOverride, type GeoOverride } from './geo-overrides.ts';
import { type GeoPlace, NO_PLACE, placeOfCountry } from './geo-place.ts';
import { readRecord } from './geo-record.ts';
import type { GeoReport, GeoStatus } from './geo-report.ts';
import { classifyIp } from './ip-class.ts';
import { createPlaceCache } from './place-cache.ts';
import type { WatchedValue } from './watched-value.ts';

export type { GeoPlace, GeoState } from './geo-place.ts';
export type { GeoReport, GeoStatus } from './geo-report.ts';

export interface GeoLocator {
  /** Where an address is. Never throws and never waits; what cannot be known says so in `state`. */
  locate(address: string): GeoPlace;
  /** The place that stands for a country code. */
  locateCountry(country: string): GeoPlace;
  status(): GeoStatus;
  /** Looks at the files now instead of at the next poll. */
  refresh(): Promise<void>;
  close(): void;
}

export interface GeoLocatorOptions {
  /** The operator's own file, or the IPv4 and the IPv6 one; empty = the packaged ones. */
  readonly files: readonly string[];
  /** YAML list of `{cidr, country, latitude, longitude}`. */
  readonly overridesFile?: string | undefined;
  readonly staleAfterDays: number;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly onReport?: (report: GeoReport) => void;
  /** Default: what is installed as npm packages. */
  readonly packaged?: readonly GeoFileSet[];
  /** How often the files' size and time are looked at, ms; 0 = never. */
  readonly pollMs?: number;
}

/** Knows nothing and has nothing to close: before the data is opened, and in processes that place nobody. */
export const NO_LOCATOR: GeoLocator = {
  locate: () => NO_PLACE.unknown,
  locateCountry: placeOfCountry,
  status: () => ({ source: 'none', files: [], bytes: 0, ageDays: null, stale: false, degraded: true, problem: 'GeoIP data is not open', overrides: 0 }),
  refresh: () => Promise.resolve(),
  close: () => undefined,
};

interface GeoData {
  readonly files: WatchedValue<GeoFiles>;
  readonly overrides: WatchedValue<readonly GeoOverride[]>;
}

const POLL_MS = 5_000;
const DAY_MS = 86_400_000;
/** Two generations of so many addresses: some 2 MB when full. */
const PLACE_CACHE = 4096;

/**
 * Opens the GeoIP data and keeps it fresh. A file is tried in a reader of its own before it is used, so a cut, empty,
 * packed, wrong or deleted file changes nothing but the status: the old data stays in force. Without any data the
 * locator serves all the same and knows nothing.
 */
export async function createGeoLocator(options: GeoLocatorOptions): Promise<GeoLocator> {
  const data: GeoData = {
    files: watchFiles(options.files, options.packaged ?? packagedFileSets()),
    overrides: watchOverrides(options.overridesFile),
  };
  const cache = createPlaceCache<string, GeoPlace>(PLACE_CACHE);
  const status = (): GeoStatus => statusOf(data, options);
  const refresh = createRefresh(data, status, { onChange: cache.clear, onReport: options.onReport ?? (() => undefined) });
  await refresh();
  const timer = startPolling(refresh, options.pollMs ?? POLL_MS);
  return {
    locate: (address) => {
      const known = cache.get(address);
      if (known !== undefined) return known;
      const place = find(data, address);
      cache.set(address, place);
      return place;
    },
    locateCountry: placeOfCountry,
    status,
    refresh,
    close: () => clearInterval(timer),
  };
}

function startPolling(refresh: () => Promise<void>, pollMs: number): NodeJS.Timeout | undefined {
  if (pollMs <= 0) return undefined;
  const timer = setInterval(() => void refresh(), pollMs);
  timer.unref();
  return timer;
}

function find({ files, overrides }: GeoData, address: string): GeoPlace {
  const ip = classifyIp(address);
  if (ip.kind === 'invalid') return NO_PLACE.unknown;
  const override = findOverride(overrides.current(), ip);
  if (override !== undefined) return override;
  // A file may well answer for ranges that belong to nobody: documentation ranges read as Japan in one of them.
  return ip.kind === 'public' ? readRecord(findRecord(files.current(), ip.family, ip.address)) : NO_PLACE[ip.kind];
}

interface RefreshHooks {
  readonly onChange: () => void;
  readonly onReport: (report: GeoReport) => void;
}

/** One look at a time; each change, refusal and the passing of the age limit is told once. */
function createRefresh(data: GeoData, status: () => GeoStatus, { onChange, onReport }: RefreshHooks): () => Promise<void> {
  let toldStale = false;
  let running: Promise<void> | undefined;

  const look = async (watched: WatchedValue<unknown>): Promise<void> => {
    const outcome = await watched.refresh();
    if (outcome === 'changed') {
      onChange();
      onReport({ kind: 'in-use', status: status() });
    } else if (outcome === 'refused') {
      onReport({ kind: 'refused', problem: watched.problem() ?? '', status: status() });
    }
  };

  const once = async (): Promise<void> => {
    await look(data.overrides);
    await look(data.files);
    const now = status();
    onReport({ kind: now.stale && !toldStale ? 'stale' : 'checked', status: now });
    toldStale = now.stale;
  };

  return () => (running ??= once().finally(() => (running = undefined)));
}

function statusOf(data: GeoData, { staleAfterDays, clock }: GeoLocatorOptions): GeoStatus {
  const { source, files } = data.files.current();
  const ageDays = ageOf(files, clock.nowMs());
  const problem = data.files.problem() ?? data.overrides.problem() ?? (source === 'none' ? 'there is no GeoIP file' : null);
  return {
    source,
    files: files.map(({ path, databaseType, ipVersion, bytes, builtAt }) => ({ path, databaseType, ipVersion, bytes, builtAt })),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    ageDays,
    stale: ageDays !== null && ageDays > staleAfterDays,
    degraded: problem !== null,
    problem,
    overrides: data.overrides.current().length,
  };
}

function ageOf(files: readonly GeoFile[], nowMs: number): number | null {
  if (files.length === 0) return null;
  const oldest = Math.min(...files.map((file) => file.builtAt.getTime()));
  return Math.max(0, Math.floor((nowMs - oldest) / DAY_MS));
}
