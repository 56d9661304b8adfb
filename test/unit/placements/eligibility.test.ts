import { describe, expect, it } from 'vitest';
import type { PlacementPolicy, PlacementRegion } from '../../../src/placements/placement.ts';
import { readResidencies, readResidency } from '../../../src/placements/residency.ts';
import { aRegion, decide } from './placement-builders.ts';

function codes(region: Partial<PlacementRegion>, policy: Partial<PlacementPolicy> = {}, avoidRegions: string[] = []): string {
  const outcome = decide({ regions: [aRegion('eu-fra', region), aRegion('us-iad')], policy, request: { avoidRegions } });
  return outcome.candidates.find((candidate) => candidate.region === 'eu-fra')!.reasons.filter((code) => code !== 'FARTHER').join(' ');
}

describe('B-01 why a region may not take a session', () => {
  it.each<[string, string, Partial<PlacementRegion>, Partial<PlacementPolicy>]>([
    ['nothing', '', {}, {}],
    ['cordoned', 'CORDONED', { adminState: 'cordoned' }, {}],
    ['disabled', 'DISABLED', { adminState: 'disabled' }, {}],
    ['unhealthy', 'UNHEALTHY', { health: 'unhealthy' }, {}],
    ['a wrong key', 'MISCONFIGURED', { health: 'misconfigured' }, {}],
    ['never probed', 'UNPROVEN', { health: 'unknown' }, {}],
    ['no good probe yet', 'UNPROVEN', { proven: false }, {}],
    ['degraded counts as healthy', '', { health: 'degraded' }, {}],
    ['too loaded', 'OVER_LOAD', { load: 0.9 }, {}],
    ['just under', '', { load: 0.899 }, {}],
    ['own limit', 'OVER_LOAD', { load: 0.5, loadLimit: 0.4 }, {}],
    ['room too large for a node', 'OVER_CAPACITY', { maxRoomParticipants: 50 }, { maxParticipants: 51 }],
    ['room that just fits', '', { maxRoomParticipants: 50 }, { maxParticipants: 50 }],
    ['room without a maximum', '', { maxRoomParticipants: 50 }, {}],
    ['not on the tenant’s list', 'NOT_ALLOWED', {}, { tenantRegions: { allow: ['us-iad'] } }],
    ['on the tenant’s deny list', 'NOT_ALLOWED', {}, { tenantRegions: { deny: ['eu-fra'] } }],
    ['an empty list of the tenant allows nobody', 'NOT_ALLOWED', {}, { tenantRegions: { allow: [] } }],
    ['outside the residency', 'RESIDENCY_DENIED', {}, { residency: [{ jurisdictions: ['US'] }] }],
    ['residency by region', 'RESIDENCY_DENIED', {}, { residency: [{ regions: ['us-iad'] }] }],
    ['residency denies by name', 'RESIDENCY_DENIED', {}, { residency: [{ jurisdictions: ['EU'], deny: ['eu-fra'] }] }],
    ['all given lists must hold', 'RESIDENCY_DENIED', {}, { residency: [{ jurisdictions: ['EU'], regions: ['us-iad'] }] }],
    ['the room’s and the tenant’s both count', 'RESIDENCY_DENIED', {}, { residency: [{ jurisdictions: ['EU'] }, { jurisdictions: ['US'] }] }],
    ['S4-10 an empty list allows nobody', 'RESIDENCY_DENIED', {}, { residency: [{ jurisdictions: [] }] }],
    ['S4-10 an unreadable rule allows nobody', 'RESIDENCY_DENIED', {}, { residency: ['unreadable'] }],
    ['residency that allows', '', {}, { residency: [{ jurisdictions: ['EU', 'CH'] }] }],
    ['tenant and residency are two codes', 'RESIDENCY_DENIED NOT_ALLOWED', {}, { residency: [{ jurisdictions: ['US'] }], tenantRegions: { deny: ['eu-fra'] } }],
    ['B-04 the bucket’s own jurisdiction counts for a room that must be recorded', 'RESIDENCY_DENIED', { storageJurisdiction: 'US' }, { mustRecord: 'audio', residency: [{ jurisdictions: ['EU'] }] }],
    ['B-04 and not for others', '', { storageJurisdiction: 'US' }, { residency: [{ jurisdictions: ['EU'] }] }],
    ['no bucket', 'NO_STORAGE', { hasStorage: false }, { mustRecord: 'audio' }],
    ['no bucket, none needed', '', { hasStorage: false }, {}],
    ['no recorder of the kind', 'NO_RECORDER', { egressKinds: ['audio'] }, { mustRecord: 'composite' }],
    ['a recorder of the kind', '', { egressKinds: ['audio'] }, { mustRecord: 'audio' }],
    ['recorders that are not restricted', '', {}, { mustRecord: 'composite' }],
    ['everything at once', 'RESIDENCY_DENIED NOT_ALLOWED CORDONED MISCONFIGURED UNPROVEN OVER_LOAD OVER_CAPACITY NO_STORAGE NO_RECORDER', { adminState: 'cordoned', health: 'misconfigured', proven: false, load: 1, maxRoomParticipants: 1, hasStorage: false, egressKinds: [] }, { residency: ['unreadable'], tenantRegions: { allow: [] }, maxParticipants: 2, mustRecord: 'audio' }],
  ])('%s: %s', (_, expected, region, policy) => {
    expect(codes(region, policy)).toBe(expected);
  });

  it('the caller’s wish is a code too', () => {
    expect(codes({}, {}, ['eu-fra'])).toBe('AVOIDED');
  });
});

describe('S4-10 reading a stored residency fails closed', () => {
  it.each([
    ['absent', undefined, null],
    ['null', null, null],
    ['empty', {}, {}],
    ['all lists', { jurisdictions: ['EU'], regions: ['a'], deny: ['b'] }, { jurisdictions: ['EU'], regions: ['a'], deny: ['b'] }],
    ['a key of a newer release', { jurisdictions: ['EU'], networks: ['x'] }, 'unreadable'],
    ['a list of another shape', { jurisdictions: 'EU' }, 'unreadable'],
    ['a list with something else in it', { deny: [1] }, 'unreadable'],
    ['text', 'EU', 'unreadable'],
    ['a list', ['EU'], 'unreadable'],
  ])('%s', (_, stored, rule) => expect(readResidency(stored)).toEqual(rule));

  it('leaves out what is absent', () => {
    expect(readResidencies(undefined, { deny: ['a'] }, null)).toEqual([{ deny: ['a'] }]);
  });
});
