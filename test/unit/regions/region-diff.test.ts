import { describe, expect, it } from 'vitest';
import { takeConfig } from '../../../src/regions/region-config.ts';
import { diffRegion } from '../../../src/regions/region-diff.ts';
import { livekitWith, readRegion } from './region-documents.ts';

const NOW = new Date('2026-11-21T10:00:00Z');
const side = (changes: Readonly<Record<string, unknown>> = {}) => ({ ...takeConfig(readRegion(changes), undefined, NOW), adminState: 'enabled' as const });

describe('the difference between two configurations of a region', () => {
  it('is nothing for the same one', () => {
    expect(diffRegion('eu-fra', side(), side())).toBeUndefined();
  });

  it('names what came and what went', () => {
    expect(diffRegion('eu-fra', undefined, side())).toMatchObject({ change: 'added' });
    expect(diffRegion('eu-fra', side(), undefined)).toMatchObject({ change: 'removed' });
  });

  it('names changed fields by path, whole lists at once', () => {
    const after = { ...side({ name: 'F', capacity: { maxRooms: 3 }, tags: ['a'] }), adminState: 'cordoned' as const };
    expect(diffRegion('eu-fra', side(), after)?.fields).toEqual(['capacity.maxRooms', 'name', 'state', 'tags']);
  });

  it('tells that a secret changed, and not to what', () => {
    const keys = [{ id: 'one', key: 'APIfra', secret: 'exchanged', use: 'sign' }];
    const change = diffRegion('eu-fra', side(), side(livekitWith({ keys })));
    expect(change?.fields).toEqual(['livekit.keys.one.secret']);
    expect(JSON.stringify(change)).not.toContain('exchanged');
  });
});
