import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readRegionsFile } from '../../../src/regions/regions-file.ts';
import { RegionsFileError } from '../../../src/regions/regions-module.ts';
import { type RegionsApi, documentOf, startRegionsApi } from '../../api/regions/regions-api.ts';

let folder: string;
let path: string;
let api: RegionsApi;

const EU_URL = 'http://127.0.0.1:9';
const LONG = '0123456789abcdef0123456789abcdef';
const region = (id: 'eu-fra' | 'us-iad', changes: Readonly<Record<string, unknown>> = {}) => ({ id, ...documentOf(id, EU_URL, changes) });
const keysWith = (secret: unknown) => ({ livekit: { publicUrl: EU_URL, apiUrl: EU_URL, keys: [{ id: 'k1', key: 'APIeufra', secret, use: 'sign' }] } });

function write(regions: readonly unknown[]): void {
  writeFileSync(path, stringify({ regions }));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meridian-regions-'));
  path = join(folder, 'regions.yaml');
});
afterEach(async () => {
  await api?.close();
  rmSync(folder, { recursive: true });
});

const secretOf = (id: string) => api.regions.get(id, 'path').livekit.keys[0]?.secret.reveal();
const revision = () => api.regions.snapshot().revision;
const complaints = () => api.logLines.filter((line) => line.includes('cannot be applied'));

describe('the regions file', () => {
  it('S0-16 takes secrets by reference, from the environment and from mounted files', async () => {
    writeFileSync(join(folder, 'us-secret'), `from-file-${LONG}\n`);
    write([
      region('eu-fra', keysWith({ env: 'EU_SECRET' })),
      region('us-iad', keysWith({ file: 'us-secret' })),
    ]);
    api = await startRegionsApi({ regionsFile: path, variables: { EU_SECRET: `from-env-${LONG}` } });
    expect([secretOf('eu-fra'), secretOf('us-iad')]).toEqual([`from-env-${LONG}`, `from-file-${LONG}`]);
    expect(revision()).toBe(1);
    const rows = await api.database.query<{ all: string }>('SELECT (SELECT json_agg(r) FROM region r)::text || (SELECT json_agg(s) FROM region_source s)::text AS all');
    expect(rows[0]?.all).not.toMatch(/from-(env|file)/);
  });

  it('S0-16 makes a new revision when it changes, and when a mounted secret does', async () => {
    writeFileSync(join(folder, 'secret'), `first-${LONG}`);
    write([region('eu-fra', keysWith({ file: 'secret' }))]);
    api = await startRegionsApi({ regionsFile: path });
    await api.runSchedule('regions-file');
    expect(revision()).toBe(1);

    write([region('eu-fra', { ...keysWith({ file: 'secret' }), name: 'Frankfurt' })]);
    await api.runSchedule('regions-file');
    expect([revision(), api.regions.find('eu-fra')?.name]).toEqual([2, 'Frankfurt']);

    writeFileSync(join(folder, 'secret'), `other-${LONG}`);
    await api.runSchedule('regions-file');
    expect([revision(), secretOf('eu-fra')]).toEqual([3, `other-${LONG}`]);
    const { body } = await api.call('GET', '/v1/ops/config/revisions');
    expect(body.items[0]).toMatchObject({ author: 'file', diff: [{ region: 'eu-fra', fields: ['livekit.keys', 'livekit.keys.k1.secret'] }] });
  });

  it('S0-16 makes one revision however many replicas start with it at once', async () => {
    api = await startRegionsApi();
    write([region('eu-fra'), region('us-iad')]);
    const replicas = await Promise.all([1, 2, 3, 4].map(() => api.startReplica({ regionsFile: path })));
    expect(replicas.map(({ regions }) => regions.snapshot().revision)).toEqual([1, 1, 1, 1]);
    expect(await api.database.query('SELECT n FROM region_revision')).toEqual([{ n: 1 }]);
  });

  it('that has not changed leaves alone what the API changed since, also after a restart', async () => {
    write([region('eu-fra')]);
    api = await startRegionsApi({ regionsFile: path });
    await api.call('PATCH', '/v1/ops/regions/eu-fra', { body: { name: 'By hand' } });
    await api.call('POST', '/v1/ops/regions/eu-fra/cordon');
    await api.runSchedule('regions-file');
    const later = await api.startReplica();
    expect(later.regions.find('eu-fra')).toMatchObject({ name: 'By hand', adminState: 'cordoned' });
  });

  it('names only its own regions: one made by the API stays, one it names no more goes', async () => {
    write([region('eu-fra')]);
    api = await startRegionsApi({ regionsFile: path });
    await api.call('PUT', '/v1/ops/regions/by-hand', { body: documentOf('us-iad', EU_URL) });
    write([region('us-iad')]);
    await api.runSchedule('regions-file');
    expect(api.regions.snapshot().regions.map(({ id }) => id)).toEqual(['by-hand', 'us-iad']);
  });

  it('keeps a region that is in use though the file names it no more, says so, and removes it when it is free', async () => {
    write([region('eu-fra'), region('us-iad')]);
    api = await startRegionsApi({ regionsFile: path });
    api.inUse.add('us-iad');
    write([region('eu-fra', { name: 'Changed' })]);
    await api.runSchedule('regions-file');
    await api.runSchedule('regions-file');
    expect(api.regions.find('us-iad')).toBeDefined();
    expect(complaints()).toHaveLength(1);
    // Starting is not refused for it.
    const other = await api.startReplica();
    expect(other.regions.find('eu-fra')?.name).toBe('eu-fra');

    api.inUse.clear();
    await api.runSchedule('regions-file');
    expect(api.regions.snapshot().regions.map(({ id, name }) => [id, name])).toEqual([['eu-fra', 'Changed']]);
  });

  it('that is broken keeps the configuration and is reported, without its values', async () => {
    write([region('eu-fra')]);
    api = await startRegionsApi({ regionsFile: path });
    writeFileSync(path, 'regions: [ {id: eu-fra, secret: hush');
    await api.runSchedule('regions-file');
    writeFileSync(path, '');
    await api.runSchedule('regions-file');
    rmSync(path);
    await api.runSchedule('regions-file');
    expect(revision()).toBe(1);
    expect(complaints()).toHaveLength(3);
    expect(complaints().join()).not.toContain('hush');
    expect(await api.platform.metrics.render()).toContain('meridian_regions_file_in_force 0');

    write([region('eu-fra', { name: 'Mended' })]);
    await api.runSchedule('regions-file');
    expect(api.regions.find('eu-fra')?.name).toBe('Mended');
    expect(await api.platform.metrics.render()).toContain('meridian_regions_file_in_force 1');
  });

  it('that is broken at the start stops the start and lists every problem by path', async () => {
    api = await startRegionsApi();
    write([
      region('eu-fra', { latitude: 91, ...keysWith({ env: 'NOT_SET' }) }),
      region('us-iad', { ...keysWith({ file: 'not-there' }), colour: 'blue' }),
    ]);
    const failure: unknown = await api.startReplica({ regionsFile: path }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RegionsFileError);
    expect((failure as RegionsFileError).problems).toEqual([
      { path: 'regions.0.livekit.keys.0.secret', message: 'the environment variable NOT_SET is not set' },
      { path: 'regions.1.livekit.keys.0.secret', message: 'the file not-there cannot be read (ENOENT)' },
      { path: 'regions.0.latitude', message: expect.any(String) },
      { path: 'regions.1.colour', message: 'is not a field of a region' },
    ]);
    expect(revision()).toBe(0);
  });

  it('S4-06 with two regions on one Redis is refused with the path', async () => {
    api = await startRegionsApi();
    const redis = { url: 'redis://shared.example' };
    write([region('eu-fra', { redis }), region('us-iad', { redis })]);
    await expect(api.startReplica({ regionsFile: path })).rejects.toMatchObject({
      name: 'RegionsFileError', problems: [{ path: 'regions.0.redis.url' }, { path: 'regions.1.redis.url' }],
    });
  });

  it('is applied by the command line over what the API changed, and takes away nothing', async () => {
    api = await startRegionsApi();
    write([region('eu-fra')]);
    expect(await api.regions.applyFile(path)).toMatchObject({ revision: 1, diff: [{ region: 'eu-fra', change: 'added' }] });
    expect(await api.regions.applyFile(path)).toEqual({ revision: 1, diff: [] });
    await api.call('PATCH', '/v1/ops/regions/eu-fra', { body: { name: 'By hand' } });
    expect(await api.regions.applyFile(path)).toMatchObject({ revision: 3, diff: [{ fields: ['name'] }] });
    write([region('us-iad')]);
    await api.regions.applyFile(path);
    expect(api.regions.snapshot().regions.map(({ id }) => id)).toEqual(['eu-fra', 'us-iad']);
  });

  it('that is the example of this repository is sound', async () => {
    const example = fileURLToPath(new URL('../../../infra/regions.example.yaml', import.meta.url));
    const variables = new Map<string, string>();
    const readVariable = (name: string): string => {
      const value = name.startsWith('REDIS_') ? `redis://${name.toLowerCase().replaceAll('_', '-')}.example` : `${name}-${LONG}`;
      variables.set(name, value);
      return value;
    };
    const document = await readRegionsFile({ path: example, readVariable });
    expect(document.regions.map(({ id }) => id)).toEqual(['eu-fra', 'us-iad']);
    expect([...variables.keys()].sort()).toEqual([
      'LIVEKIT_FRA_SECRET', 'LIVEKIT_IAD_SECRET', 'REDIS_FRA_URL', 'REDIS_IAD_URL', 'S3_FRA_ACCESS_KEY', 'S3_FRA_SECRET_KEY',
    ]);
  });
});
