import { describe, expect, it } from 'vitest';
import { mergePatch } from '../../../src/kernel/merge-patch.ts';
import { takeConfig, toEntry } from '../../../src/regions/region-config.ts';
import { livekitWith, readRegion } from './region-documents.ts';

const NOW = new Date('2026-11-21T10:00:00Z');
const LATER = new Date('2026-11-22T10:00:00Z');
const storage = { bucket: 'meridian-eu', s3Region: 'eu-central-1', credentials: { accessKeyId: 'AK', secretAccessKey: 's3-secret' } };
const whole = { storage, redis: { url: 'redis://user:redis-secret@redis.example:6379' } };
const before = takeConfig(readRegion(whole), undefined, NOW);

describe('taking a region document apart', () => {
  it('leaves no secret in what may be read', () => {
    const text = JSON.stringify(before.document);
    for (const secret of ['fra-secret', 's3-secret', 'redis-secret']) expect(text).not.toContain(secret);
    expect(before.document.redis).toEqual({ url: 'redis://redis.example:6379' });
    expect(before.secrets).toEqual({
      'livekit.keys.one.secret': 'fra-secret',
      'storage.credentials.secretAccessKey': 's3-secret',
      'redis.url': 'redis://user:redis-secret@redis.example:6379',
    });
  });

  it('keeps the stored secret of a key by the key\'s id when it is left out', () => {
    const keys = [{ id: 'one', key: 'APIfra', use: 'verify' }, { id: 'two', key: 'APItwo', secret: 'new', use: 'sign' }];
    const after = takeConfig(readRegion(livekitWith({ keys })), before, LATER);
    expect(after.errors).toEqual([]);
    expect(after.secrets).toEqual({ 'livekit.keys.one.secret': 'fra-secret', 'livekit.keys.two.secret': 'new' });
    expect(after.document.livekit.keys.map(({ id, addedAt }) => [id, addedAt])).toEqual([
      ['one', NOW.toISOString()],
      ['two', LATER.toISOString()],
    ]);
  });

  it('asks for the secret of a key that is new', () => {
    const keys = [{ id: 'two', key: 'APItwo', use: 'sign' }];
    const { errors } = takeConfig(readRegion(livekitWith({ keys })), before, LATER);
    expect(errors).toEqual([{ path: 'livekit.keys.0.secret', message: 'is needed for a new key' }]);
  });

  it('counts a key whose secret was exchanged as a new one', () => {
    const keys = [{ id: 'one', key: 'APIfra', secret: 'exchanged', use: 'sign' }];
    const after = takeConfig(readRegion(livekitWith({ keys })), before, LATER);
    expect(after.document.livekit.keys[0]?.addedAt).toBe(LATER.toISOString());
  });

  it('keeps storage credentials that are left out, and drops them on null', () => {
    const { credentials: _credentials, ...bucket } = storage;
    const kept = takeConfig(readRegion({ storage: bucket }), before, LATER);
    expect(kept.document.storage?.credentials).toEqual({ accessKeyId: 'AK' });
    expect(kept.secrets['storage.credentials.secretAccessKey']).toBe('s3-secret');
    const dropped = takeConfig(readRegion({ storage: { ...bucket, credentials: null } }), before, LATER);
    expect(dropped.document.storage?.credentials).toBeUndefined();
    expect(dropped.secrets['storage.credentials.secretAccessKey']).toBeUndefined();
  });

  it('never lends the stored secret to another access key', () => {
    const moved = readRegion({ storage: { ...storage, credentials: { accessKeyId: 'other' } } });
    expect(takeConfig(moved, before, LATER).errors.map(({ path }) => path)).toEqual(['storage.credentials.secretAccessKey']);
  });

  it('keeps the Redis password for the same server only', () => {
    const same = takeConfig(readRegion({ redis: { url: 'redis://redis.example' } }), before, LATER);
    expect(same.secrets['redis.url']).toContain('redis-secret');
    const other = takeConfig(readRegion({ redis: { url: 'redis://elsewhere.example' } }), before, LATER);
    expect(other.secrets['redis.url']).toBeUndefined();
  });

  it('merges back into a document that changes nothing', () => {
    const entry = readRegion({ ...mergePatch(toEntry(before.document), {}) as object });
    const again = takeConfig(entry, before, LATER);
    expect(again).toEqual(before);
  });
});
