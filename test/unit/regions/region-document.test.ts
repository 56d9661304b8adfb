import { describe, expect, it } from 'vitest';
import { regionEntrySchema, regionsDocumentSchema } from '../../../src/regions/region-document.ts';
import { faultPaths, livekitWith, readRegion, writtenRegion } from './region-documents.ts';

const key = { id: 'one', key: 'APIfra', secret: 's', use: 'sign' };

describe('a region document', () => {
  it('needs place, jurisdiction and LiveKit, and has defaults for the rest', () => {
    expect(readRegion()).toMatchObject({ capacity: { loadLimit: 0.9 }, metricsUrls: [], hostnames: [], countries: [], tags: [] });
    expect(readRegion().storage).toBeUndefined();
    const read = regionEntrySchema.safeParse({ id: 'eu-fra' });
    expect(read.error?.issues.map((issue) => issue.path.join('.'))).toEqual(['latitude', 'longitude', 'jurisdiction', 'livekit']);
  });

  it('takes every field that a region has', () => {
    const whole = writtenRegion({
      name: 'Frankfurt',
      storage: {
        bucket: 'meridian-eu', endpoint: 'https://s3.example', s3Region: 'eu-central-1', forcePathStyle: true,
        credentials: { accessKeyId: 'AK', secretAccessKey: 'secret' }, checksumMode: 'when-required', replicationOf: 'us-iad', jurisdiction: 'EU',
      },
      redis: { url: 'rediss://user:password@redis.example:6380/0' },
      metricsUrls: ['http://127.0.0.1:6789/metrics'],
      capacity: { maxParticipants: 5000, maxRooms: 200, maxRoomParticipants: 300, nodeCores: 8, loadLimit: 0.8 },
      egress: { kinds: ['audio', 'track'], fileTypes: ['ogg'], metricsUrls: ['https://egress.example/metrics'] },
      hostnames: ['EU.Meet.Example'],
      countries: ['de', 'FR'],
      tags: ['core'],
    });
    expect(regionEntrySchema.parse(whole)).toMatchObject({ ...whole, hostnames: ['eu.meet.example'], countries: ['DE', 'FR'] });
  });

  it('refuses fields that no region has', () => {
    expect(regionEntrySchema.safeParse(writtenRegion({ state: 'cordoned' })).success).toBe(false);
    expect(regionEntrySchema.safeParse(writtenRegion({ storage: { bucket: 'abc', s3Region: 'x', acl: 'public' } })).success).toBe(false);
  });

  it.each([
    ['ws:', livekitWith({ publicUrl: 'ws://fra.example' }), 'livekit.publicUrl'],
    ['http:', livekitWith({ apiUrl: 'http://10.0.0.1:7880' }), 'livekit.apiUrl'],
    ['http: in disguise of loopback', livekitWith({ apiUrl: 'http://127.0.0.1.example' }), 'livekit.apiUrl'],
    ['http: of a bucket', { storage: { bucket: 'abc', s3Region: 'x', endpoint: 'http://minio:9000' } }, 'storage.endpoint'],
    ['http: of metrics', { metricsUrls: ['http://10.0.0.1/metrics'] }, 'metricsUrls.0'],
    ['a password in an address', livekitWith({ apiUrl: 'https://user:secret@fra.example' }), 'livekit.apiUrl'],
    ['another protocol', livekitWith({ apiUrl: 'file:///etc/passwd' }), 'livekit.apiUrl'],
    ['no address', livekitWith({ apiUrl: 'fra.example' }), 'livekit.apiUrl'],
    ['a Redis that is none', { redis: { url: 'https://redis.example' } }, 'redis.url'],
  ])('S4-01 refuses %s', (_what, changes, path) => {
    expect(faultPaths(changes)).toEqual([path]);
  });

  it.each(['ws://127.0.0.1:7880', 'ws://localhost:7880', 'ws://[::1]:7880', 'wss://fra.example/livekit'])('takes %s', (publicUrl) => {
    expect(faultPaths(livekitWith({ publicUrl }))).toEqual([]);
  });

  it.each([
    ['a latitude beyond the pole', { latitude: 91 }, 'latitude'],
    ['a longitude beyond the date line', { longitude: -181 }, 'longitude'],
    ['no keys', livekitWith({ keys: [] }), 'livekit.keys'],
    ['no key that signs', livekitWith({ keys: [{ ...key, use: 'verify' }] }), 'livekit.keys'],
    ['one id for two keys', livekitWith({ keys: [key, { ...key, key: 'other' }] }), 'livekit.keys'],
    ['one LiveKit key twice', livekitWith({ keys: [key, { ...key, id: 'two' }] }), 'livekit.keys'],
    ['no participants at all', { capacity: { maxParticipants: 0 } }, 'capacity.maxParticipants'],
    ['half a room', { capacity: { maxRooms: 1.5 } }, 'capacity.maxRooms'],
    ['a load limit over 1', { capacity: { loadLimit: 90 } }, 'capacity.loadLimit'],
    ['a recorder that does nothing', { egress: { kinds: [], fileTypes: ['ogg'] } }, 'egress.kinds'],
    ['a host name with a port', { hostnames: ['eu.example:443'] }, 'hostnames.0'],
    ['a country that is none', { countries: ['Germany'] }, 'countries.0'],
    ['a secret by reference, which is for files', livekitWith({ keys: [{ ...key, secret: { env: 'X' } }] }), 'livekit.keys.0.secret'],
  ])('refuses %s', (_what, changes, path) => {
    expect(faultPaths(changes)).toEqual([path]);
  });

  it('refuses a document with one id twice', () => {
    expect(regionsDocumentSchema.safeParse({ regions: [writtenRegion(), writtenRegion()] }).success).toBe(false);
  });
});
