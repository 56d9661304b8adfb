import { type ResidencyRule, residencyAllows } from '../placements/placements-module.ts';
import type { KnownRegion, RoomContent } from './room.ts';
import { regionNotAllowed, unknownRegion } from './room-errors.ts';
import type { EffectivePolicy } from './room-policy.ts';
import type { TenantRules } from './tenant-rules.ts';

/**
 * Holds the regions that a room names against those there are.
 * @throws AppError `region.unknown` for an id nobody has. A jurisdiction that no region has may be stored: the room
 * then waits for such a region.
 */
export function assertKnownRegions({ region, residency }: RoomContent, regions: readonly KnownRegion[]): void {
  const known = new Set(regions.map(({ id }) => id));
  const named: readonly (readonly [string, readonly string[]])[] = [
    ['region.id', region?.id === undefined ? [] : [region.id]],
    ['residency.regions', residency?.regions ?? []],
    ['residency.deny', residency?.deny ?? []],
  ];
  for (const [path, ids] of named) {
    const stranger = ids.find((id) => !known.has(id));
    if (stranger !== undefined) throw unknownRegion(path, stranger);
  }
}

/**
 * Holds what a room names against its own residency and its tenant's policy.
 * @throws AppError `region.not-allowed` for a pin outside them, and for a residency outside the tenant's.
 */
export function assertAllowedRegions(content: RoomContent, tenant: TenantRules, effective: EffectivePolicy, regions: readonly KnownRegion[]): void {
  const { regions: named, jurisdictions } = content.residency ?? {};
  for (const id of named ?? []) {
    if (!tenantAllows(tenant, id)) throw regionNotAllowed('residency.regions', `the tenant's policy does not allow ${id}`);
  }
  const outside = jurisdictions?.find((each) => !tenantAllowsJurisdiction(effective, content, each));
  if (outside !== undefined) throw regionNotAllowed('residency.jurisdictions', `the tenant's residency does not allow ${outside}`);
  const pin = content.region?.id;
  const pinned = pin === undefined ? undefined : regions.find(({ id }) => id === pin);
  if (pinned === undefined) return;
  if (!tenantAllows(tenant, pinned.id)) throw regionNotAllowed('region.id', `the tenant's policy does not allow ${pinned.id}`);
  if (!isInside(effective, pinned)) throw regionNotAllowed('region.id', `${pinned.id} lies outside the room's residency`);
}

function tenantAllows({ regions: { allow, deny } }: TenantRules, id: string): boolean {
  return (allow === undefined || allow.includes(id)) && deny?.includes(id) !== true;
}

/** The first rule is the tenant's where it has one; the room's own is the last. */
function tenantAllowsJurisdiction({ residencyRules }: EffectivePolicy, { residency }: RoomContent, jurisdiction: string): boolean {
  const tenantRules: readonly ResidencyRule[] = residency === undefined ? residencyRules : residencyRules.slice(0, -1);
  return tenantRules.every((rule) => rule !== 'unreadable' && (rule.jurisdictions?.includes(jurisdiction) ?? true));
}

function isInside(effective: EffectivePolicy, region: KnownRegion): boolean {
  const { auto } = effective.recording.value;
  return residencyAllows(effective.residencyRules, region, auto);
}

/**
 * Whether no region that the room may use can hold as many people as the room admits: LiveKit keeps a room on one
 * node. Such a room is kept, since a larger region may come.
 */
export function fitsNowhere(effective: EffectivePolicy, regions: readonly KnownRegion[]): boolean {
  const wanted = effective.maxParticipants.value;
  if (wanted === null || regions.length === 0) return false;
  const { id: pin, fallback } = effective.region.value;
  const usable = regions.filter((region) => (pin === undefined || fallback === 'nearest' || region.id === pin) && isUsable(effective, region));
  return usable.every(({ maxRoomParticipants }) => maxRoomParticipants !== undefined && maxRoomParticipants < wanted);
}

function isUsable(effective: EffectivePolicy, region: KnownRegion): boolean {
  return tenantAllows({ regions: effective.tenantRegions, residency: undefined }, region.id) && isInside(effective, region);
}
