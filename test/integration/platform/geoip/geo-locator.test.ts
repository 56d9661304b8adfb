import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packagedFileSets } from '../../../../src/platform/geoip/geo-files.ts';
import { createGeoLocator, type GeoLocator, type GeoLocatorOptions, type GeoReport } from '../../../../src/platform/geoip/geo-locator.ts';
import { eventually } from '../../../support/eventually.ts';
import { type MmdbValue, writeMmdb } from '../../../support/mmdb-writer.ts';

const NOW = Date.parse('2026-06-20T00:00:00Z');
const BUILT = new Date('2026-06-01T00:00:00Z');
const LONDON = { country: { iso_code: 'GB' }, location: { latitude: 51.5, longitude: -0.1, accuracy_radius: 20 } };
const TOKYO = { country_code: 'JP', latitude: 35.6, longitude: 139.7 };

let folder: string;
let open: GeoLocator[];
let reports: GeoReport[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geoip-'));
  open = [];
  reports = [];
});

afterEach(async () => {
  for (const locator of open) locator.close();
  await rm(folder, { recursive: true });
});

async function locator(options: Partial<GeoLocatorOptions> = {}): Promise<GeoLocator> {
  const made = await createGeoLocator({
    files: [],
    staleAfterDays: 45,
    clock: { nowMs: () => NOW },
    packaged: [],
    pollMs: 0,
    onReport: (report) => void reports.push(report),
    ...options,
  });
  open.push(made);
  return made;
}

function mmdb(networks: Readonly<Record<string, MmdbValue>>, ipVersion: 4 | 6 = 6): Buffer {
  return writeMmdb({ ipVersion, networks, builtAt: BUILT });
}

let writes = 0;
/** Writes a file whose time differs from every earlier one, however coarse the file system's clock. */
async function put(name: string, content: Buffer | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  writes += 1;
  await utimes(path, new Date(NOW), new Date(NOW + writes * 1000));
  return path;
}

const refusals = () => reports.flatMap((report) => (report.kind === 'refused' ? [report.problem] : []));

describe('S4-02 B-21 where an address is', () => {
  it('reads the operator’s combined file, unwraps disguises and knows what it does not know', async () => {
    const path = await put('own.mmdb', mmdb({ '81.2.69.0/24': LONDON, '2a00:1450::/32': TOKYO }));
    const { locate, status } = await locator({ files: [path] });
    const london = { state: 'known', country: 'GB', latitude: 51.5, longitude: -0.1, accuracyKm: 20 };
    for (const address of ['81.2.69.142', '::ffff:81.2.69.142', '2002:5102:458e::1', '64:ff9b::5102:458e']) expect(locate(address)).toEqual(london);
    expect(locate('2a00:1450::9')).toMatchObject({ country: 'JP' });
    expect(locate('8.8.8.8').state).toBe('unknown');
    expect(locate('10.0.0.1').state).toBe('private');
    expect(locate('2001:db8::1').state).toBe('special');
    expect(locate('81.2.69').state).toBe('unknown');
    expect(status()).toMatchObject({ source: 'operator', degraded: false, stale: false, ageDays: 19, problem: null });
  });

  it('a pair of files answers each family from its own: IPv6 is never asked of an IPv4 file', async () => {
    const v4 = await put('v4.mmdb', mmdb({ '0.0.0.0/1': LONDON, '128.0.0.0/1': LONDON }, 4));
    const v6 = await put('v6.mmdb', mmdb({ '2a00:1450::/32': TOKYO }));
    const { locate } = await locator({ files: [v4, v6] });
    expect(locate('8.8.8.8').country).toBe('GB');
    expect(locate('2a00:1450::1').country).toBe('JP');
    expect(locate('2a01::1').state).toBe('unknown');
  });

  it('special ranges are never looked up, whatever the file says of them', async () => {
    const path = await put('own.mmdb', mmdb({ '2001:db8::/32': TOKYO, '192.0.2.0/24': TOKYO, '10.0.0.0/8': TOKYO, '8.8.8.0/24': TOKYO }));
    const { locate } = await locator({ files: [path] });
    expect(['2001:db8::1', '192.0.2.1', '10.0.0.1', '8.8.8.8'].map((address) => locate(address).state)).toEqual(['special', 'special', 'private', 'known']);
  });

  it('the operator’s overrides win over the file and change without a restart', async () => {
    const files = [await put('own.mmdb', mmdb({ '81.2.69.0/24': LONDON }))];
    const overridesFile = await put('overrides.yaml', '- {cidr: 81.2.69.128/25, country: DE}\n- {cidr: 10.0.0.0/8, country: FR}\n');
    const { locate, refresh, status } = await locator({ files, overridesFile });
    expect(['81.2.69.142', '81.2.69.1', '10.0.0.1'].map((address) => locate(address).country)).toEqual(['DE', 'GB', 'FR']);
    await put('overrides.yaml', '- {cidr: 10.0.0.0/8, country: ES}\n');
    await refresh();
    expect(['81.2.69.142', '10.0.0.1'].map((address) => locate(address).country)).toEqual(['GB', 'ES']);
    await put('overrides.yaml', '- {cidr: everything}\n');
    await refresh();
    expect(locate('10.0.0.1').country).toBe('ES');
    expect(status()).toMatchObject({ degraded: true, overrides: 1 });
  });

  it('without any file it serves, knows nothing, and says so', async () => {
    const { locate, status } = await locator();
    expect(locate('8.8.8.8').state).toBe('unknown');
    expect(status()).toMatchObject({ source: 'none', degraded: true, ageDays: null, stale: false, bytes: 0 });
  });
});

describe('B-21 a bad file changes nothing', () => {
  const good = () => mmdb({ '81.2.69.0/24': LONDON });
  const newer = () => mmdb({ '81.2.69.0/24': TOKYO });

  it.each<[string, () => Buffer | string, RegExp]>([
    ['empty', () => '', /is empty/],
    ['gzip', () => gzipSync(newer()), /gzip/],
    ['text', () => 'license expired', /not a readable/],
    ['an archive of zeroes', () => Buffer.alloc(100_000), /not a readable/],
    ['another kind of data', () => mmdb({ '81.2.69.0/24': { autonomous_system_number: 15169 } }), /neither countries nor coordinates/],
    ['no networks', () => mmdb({}), /holds no records|does not fit/],
    ['a tree of random bytes', () => scrambled(newer()), /damaged|neither/],
  ])('%s: the old data stays in force and the refusal is told once', async (_, content, problem) => {
    const path = await put('own.mmdb', good());
    const { locate, refresh, status } = await locator({ files: [path] });
    await put('own.mmdb', content());
    await refresh();
    await refresh();
    expect(locate('81.2.69.142').country).toBe('GB');
    expect(status()).toMatchObject({ source: 'operator', degraded: true, problem: expect.stringMatching(problem) });
    expect(refusals()).toHaveLength(1);
    await put('own.mmdb', newer());
    await refresh();
    expect(locate('81.2.69.142').country).toBe('JP');
    expect(status()).toMatchObject({ degraded: false, problem: null });
  });

  it('a file cut anywhere is refused', async () => {
    const path = await put('own.mmdb', good());
    const { locate, refresh } = await locator({ files: [path] });
    const whole = newer();
    for (let part = 0; part < 100; part += 1) {
      await put('own.mmdb', whole.subarray(0, Math.floor((whole.length * part) / 100)));
      await refresh();
      expect(locate('81.2.69.142').country, `cut at ${part} %`).toBe('GB');
    }
    expect(refusals()).toHaveLength(100);
  });

  it('a deleted file keeps its data, and comes back by being put there again', async () => {
    const path = await put('own.mmdb', good());
    const { locate, refresh, status } = await locator({ files: [path] });
    await rm(path);
    await refresh();
    expect(locate('81.2.69.142').country).toBe('GB');
    expect(status()).toMatchObject({ degraded: true, problem: expect.stringMatching(/is not there/) });
    await rename(await put('next.mmdb', newer()), path);
    await refresh();
    expect(locate('81.2.69.142').country).toBe('JP');
  });

  it('a replacement that has lost nine tenths of its networks is refused', async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`81.${at}.0.0/16`, LONDON]));
    const path = await put('own.mmdb', mmdb(many, 4));
    const { locate, refresh, status } = await locator({ files: [path] });
    await put('own.mmdb', mmdb({ '0.0.0.0/1': TOKYO }, 4));
    await refresh();
    expect(locate('81.2.69.142').country).toBe('GB');
    expect(status().problem).toMatch(/has shrunk/);
  });

  it('a pair is used whole or not at all', async () => {
    const v4 = await put('v4.mmdb', mmdb({ '81.2.69.0/24': LONDON }, 4));
    const v6 = await put('v6.mmdb', mmdb({ '2a00:1450::/32': LONDON }));
    const { locate, refresh } = await locator({ files: [v4, v6] });
    await put('v4.mmdb', mmdb({ '81.2.69.0/24': TOKYO }, 4));
    await put('v6.mmdb', '');
    await refresh();
    expect([locate('81.2.69.1').country, locate('2a00:1450::1').country]).toEqual(['GB', 'GB']);
  });

  it('at start a bad file of the operator’s means the packaged data, until theirs is mended', async () => {
    const packaged = [
      { source: 'packaged-city' as const, paths: [join(folder, 'absent.mmdb')] },
      { source: 'packaged-country' as const, paths: [await put('packaged.mmdb', mmdb({ '81.2.69.0/24': { country_code: 'GB' } }))] },
    ];
    const path = await put('own.mmdb', 'not yet');
    const { locate, refresh, status } = await locator({ files: [path], packaged });
    expect(locate('81.2.69.142')).toMatchObject({ country: 'GB', accuracyKm: 210 });
    expect(status()).toMatchObject({ source: 'packaged-country', degraded: true });
    await put('own.mmdb', newer());
    await refresh();
    expect(locate('81.2.69.142').country).toBe('JP');
    expect(status()).toMatchObject({ source: 'operator', degraded: false });
  });

  it('look-ups go on while files are swapped under them by the poll', async () => {
    const path = await put('own.mmdb', good());
    const { locate } = await locator({ files: [path], pollMs: 10 });
    for (const [content, country] of [[newer(), 'JP'], [good(), 'GB'], [newer(), 'JP']] as const) {
      await put('own.mmdb', content);
      await eventually(() => expect(locate('81.2.69.142').country).toBe(country));
    }
  });
});

describe('B-21 stale data raises an alarm', () => {
  it('when it passes the age, once, and again not after a newer file', async () => {
    let now = NOW;
    const path = await put('own.mmdb', mmdb({ '81.2.69.0/24': LONDON }));
    const { refresh, status } = await locator({ files: [path], clock: { nowMs: () => now } });
    expect(status()).toMatchObject({ ageDays: 19, stale: false });
    now += 27 * 86_400_000;
    await refresh();
    await refresh();
    expect(status()).toMatchObject({ ageDays: 46, stale: true });
    expect(reports.filter((report) => report.kind === 'stale')).toHaveLength(1);
    await put('own.mmdb', writeMmdb({ ipVersion: 6, networks: { '81.2.69.0/24': LONDON }, builtAt: new Date(now) }));
    await refresh();
    expect(status()).toMatchObject({ ageDays: 0, stale: false });
  });
});

describe('B-21 S4-02 the packaged files', () => {
  const known = [
    ['81.2.69.142', 'GB'],
    ['8.8.8.8', 'US'],
    ['2a00:1450:4001::1', 'DE'],
    ['2001:218::1', 'JP'],
  ] as const;

  it('are installed: city data first, country data after it', () => {
    expect(packagedFileSets().map((set) => set.source)).toEqual(['packaged-city', 'packaged-country']);
  });

  it('of cities know where these addresses are, in IPv4 and IPv6, and say how old they are', async () => {
    const { locate, status } = await locator({ packaged: packagedFileSets() });
    for (const [address, country] of known) expect(locate(address), address).toMatchObject({ state: 'known', country, accuracyKm: 100 });
    expect(status()).toMatchObject({ source: 'packaged-city', degraded: false, ageDays: 14 });
    expect(status().bytes).toBeGreaterThan(100_000_000);
  });

  it('of countries serve where the others are absent', async () => {
    const { locate, status } = await locator({ packaged: packagedFileSets().slice(1) });
    expect(locate('81.2.69.142')).toMatchObject({ state: 'known', country: 'GB', latitude: 52.1, accuracyKm: 210 });
    expect(locate('2001:db8::1').state).toBe('special');
    expect(status().bytes).toBeLessThan(10_000_000);
  });
});

/** The same size and metadata, the tree overwritten with bytes of a fixed pattern. */
function scrambled(file: Buffer): Buffer {
  const copy = Buffer.from(file);
  const end = copy.indexOf(Buffer.alloc(16));
  for (let at = 0; at < end; at += 1) copy[at] = (at * 197 + 13) & 255;
  return copy;
}
