import { describe, expect, test } from 'vitest';
import type { KnownRegion, RoomSettings } from '../../../src/rooms/room.ts';
import { effectivePolicy } from '../../../src/rooms/room-policy.ts';
import { fitsNowhere } from '../../../src/rooms/region-rules.ts';
import { readTenantRules } from '../../../src/rooms/tenant-rules.ts';

const DEFAULTS = { access: 'restricted', emptyTimeoutSeconds: 300, minEmptyTimeoutSeconds: 60 } as const;
const REGIONS: readonly KnownRegion[] = [
  { id: 'small', jurisdiction: 'EU', maxRoomParticipants: 100 },
  { id: 'large', jurisdiction: 'US', maxRoomParticipants: 1000 },
];
const UNBOUNDED: KnownRegion = { id: 'unbounded', jurisdiction: 'JP' };

const misfit = (settings: RoomSettings, tenantPolicy: object = {}, regions = REGIONS): boolean =>
  fitsNowhere(effectivePolicy(DEFAULTS, readTenantRules(tenantPolicy), { settings }), regions);

describe('S1-08 a room fits nowhere when every region that it may use is too small', () => {
  const cases: readonly (readonly [string, boolean, RoomSettings, object])[] = [
    ['without a maximum nothing can be said', false, {}, {}],
    ['the largest region just holds it', false, { maxParticipants: 1000 }, {}],
    ['one more than the largest', true, { maxParticipants: 1001 }, {}],
    ['its residency leaves the small region only', true, { maxParticipants: 101, residency: { jurisdictions: ['EU'] } }, {}],
    ['its tenant leaves the small region only', true, { maxParticipants: 101 }, { regions: { deny: ['large'] } }],
    ['a strict pin to the small region', true, { maxParticipants: 101, region: { mode: 'pinned', id: 'small', fallback: 'strict' } }, {}],
    ['a pin that gives way', false, { maxParticipants: 101, region: { mode: 'pinned', id: 'small' } }, {}],
    ['no region may be used at all', true, { maxParticipants: 1, residency: { regions: [] } }, {}],
    ['the tenant\'s maximum counts where the room has none', true, {}, { maxParticipants: 5000 }],
  ];
  test.each(cases)('%s', (_title, expected, settings, tenantPolicy) => {
    expect(misfit(settings, tenantPolicy)).toBe(expected);
  });

  test('a region that states no largest room may hold any', () => {
    expect(misfit({ maxParticipants: 50_000 }, {}, [...REGIONS, UNBOUNDED])).toBe(false);
  });

  test('without any region there is nothing to warn of', () => {
    expect(misfit({ maxParticipants: 50_000 }, {}, [])).toBe(false);
  });
});
