import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { residencyAllows } from '../../../src/placements/placements-module.ts';
import type { RoomSettings } from '../../../src/rooms/room.ts';
import { effectivePolicy, placementPolicyOf } from '../../../src/rooms/room-policy.ts';
import { readTenantRules } from '../../../src/rooms/tenant-rules.ts';

const DEFAULTS = { access: 'restricted', emptyTimeoutSeconds: 300, minEmptyTimeoutSeconds: 60 } as const;
const REGION_IDS = ['eu-fra', 'eu-par', 'us-iad', 'ap-tyo'];
const JURISDICTIONS = ['EU', 'US', 'JP'];

const policyOf = (settings: RoomSettings, tenantPolicy: object = {}) => effectivePolicy(DEFAULTS, readTenantRules(tenantPolicy), { settings });

describe('each value comes from the nearest layer that gives it, and says so', () => {
  test('nothing was set: the deployment\'s', () => {
    const policy = policyOf({});
    expect(policy.access).toEqual({ value: 'restricted', source: 'deployment' });
    expect(policy.region).toEqual({ value: { mode: 'auto', fallback: 'nearest', clientChoice: false }, source: 'deployment' });
    expect(policy.residency).toEqual({ value: null, source: 'deployment' });
    expect(policy.maxParticipants).toEqual({ value: null, source: 'deployment' });
    expect(policy.emptyTimeoutSeconds).toEqual({ value: 300, source: 'deployment' });
    expect(policy.permissions.value).toEqual({ publish: true, sources: ['camera', 'microphone', 'screen_share', 'screen_share_audio'], data: true });
    expect(policy.recording).toEqual({ value: { auto: false, layout: null, audioOnly: false, retentionDays: null }, source: 'deployment' });
  });

  test('S4-17 the tenant\'s is what its rooms start from, and the room\'s own goes before it', () => {
    const tenant = { access: 'trusted', maxParticipants: 50, permissions: { data: false, publish: false }, recording: { auto: true } };
    const started = policyOf({}, tenant);
    expect(started.access).toEqual({ value: 'trusted', source: 'tenant' });
    expect(started.maxParticipants).toEqual({ value: 50, source: 'tenant' });
    expect(started.recording).toMatchObject({ value: { auto: true, audioOnly: false }, source: 'tenant' });
    const own = policyOf({ access: 'public', maxParticipants: 80, permissions: { publish: true } }, tenant);
    expect(own.access).toEqual({ value: 'public', source: 'room' });
    expect(own.maxParticipants).toEqual({ value: 80, source: 'room' });
    expect(own.permissions).toMatchObject({ value: { publish: true, data: false }, source: 'room' });
  });

  test('residency is what tenant and room both allow', () => {
    const tenant = { residency: { jurisdictions: ['EU', 'US'], deny: ['eu-par'] } };
    expect(policyOf({}, tenant).residency).toEqual({ value: tenant.residency, source: 'tenant' });
    expect(policyOf({ residency: { jurisdictions: ['EU', 'JP'], regions: ['eu-fra'], deny: ['us-iad'] } }, tenant).residency).toEqual({
      value: { jurisdictions: ['EU'], regions: ['eu-fra'], deny: ['eu-par', 'us-iad'] },
      source: 'room',
    });
  });
});

describe('residency and regions fail closed', () => {
  test.each([{ regions: 'eu-fra' }, { futureRule: true }, [], 'text', { maxParticipants: 0 }])('a tenant policy that is not wholly understood refuses every region: %j', (stored) => {
    const policy = policyOf({ access: undefined }, stored as object);
    expect(placementPolicyOf(policy).tenantRegions).toEqual({ allow: [] });
    expect(policy.access.value).toBe('restricted');
  });

  test('a residency that is not understood refuses every region', () => {
    const policy = policyOf({}, { residency: { planets: ['earth'] } });
    expect(policy.residencyRules).toEqual(['unreadable']);
    expect(policy.residency.value).toEqual({ regions: [] });
  });

  test('S4-10 no room widens what its tenant allows', () => {
    const list = (values: string[]) => fc.option(fc.subarray(values), { nil: undefined });
    const residency = fc.record({ jurisdictions: list(JURISDICTIONS), regions: list(REGION_IDS), deny: list(REGION_IDS) })
      .map((rule) => Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined)));
    const region = fc.record({ id: fc.constantFrom(...REGION_IDS), jurisdiction: fc.constantFrom(...JURISDICTIONS), storageJurisdiction: fc.constantFrom(...JURISDICTIONS, undefined) });
    fc.assert(fc.property(residency, residency, region, fc.boolean(), (tenant, room, place, mustRecord) => {
      const both = policyOf({ residency: room }, { residency: tenant });
      const allowed = residencyAllows(both.residencyRules, place, mustRecord);
      expect(allowed).toBe(residencyAllows([tenant], place, mustRecord) && residencyAllows([room], place, mustRecord));
      // What is shown as one rule says the same as the list of rules.
      expect(residencyAllows([both.residency.value ?? {}], place, mustRecord)).toBe(allowed);
    }));
  });
});

describe('what a placement is told', () => {
  test('a room with nothing set asks for nothing', () => {
    expect(placementPolicyOf(policyOf({}))).toEqual({ pin: null, clientChoice: false, residency: [], tenantRegions: {}, mustRecord: null, maxParticipants: null });
  });

  test('pin, client choice, regions, recording and size', () => {
    const settings: RoomSettings = {
      region: { mode: 'pinned', id: 'eu-fra', fallback: 'strict', clientChoice: true },
      recording: { auto: true, audioOnly: true },
      maxParticipants: 12,
    };
    expect(placementPolicyOf(policyOf(settings, { regions: { allow: ['eu-fra'], deny: ['us-iad'] }, residency: { jurisdictions: ['EU'] } }))).toEqual({
      pin: { region: 'eu-fra', fallback: 'strict' },
      clientChoice: true,
      residency: [{ jurisdictions: ['EU'] }],
      tenantRegions: { allow: ['eu-fra'], deny: ['us-iad'] },
      mustRecord: 'audio',
      maxParticipants: 12,
    });
    expect(placementPolicyOf(policyOf({ recording: { auto: true } })).mustRecord).toBe('composite');
  });
});
