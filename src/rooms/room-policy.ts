import type { PlacementPolicy } from '../placements/placements-module.ts';
import { type Residency, type ResidencyRule, readResidencies } from '../placements/placements-module.ts';
import { type Access, type Permissions, type RecordingWish, type RegionWish, type Room, TRACK_SOURCES } from './room.ts';
import type { TenantRules } from './tenant-rules.ts';

/** Where a value comes from; the later one wins. */
export type PolicySource = 'deployment' | 'tenant' | 'room';

export interface Sourced<T> {
  readonly value: T;
  readonly source: PolicySource;
}

/** Who keeps the layers below from going further; null = nobody. */
export type PolicyLock = 'tenant' | null;

/** What a deployment's rooms start from. */
export interface RoomDefaults {
  readonly access: Access;
  readonly emptyTimeoutSeconds: number;
  /** Smallest `emptyTimeoutSeconds` that a room may ask for. */
  readonly minEmptyTimeoutSeconds: number;
}

/** Every value that is in force for a room, each with its source. */
export interface EffectivePolicy {
  readonly access: Sourced<Access>;
  readonly region: Sourced<RegionWish>;
  /** The tenant's and the room's in one: what both allow. */
  readonly residency: Sourced<Residency | null>;
  /** The same as a list of rules, all of which must hold; what cannot be read refuses every region. */
  readonly residencyRules: readonly ResidencyRule[];
  readonly hasTenantResidency: boolean;
  /** The tenant's choice of regions, which no room can widen. */
  readonly tenantRegions: TenantRules['regions'];
  readonly maxParticipants: Sourced<number | null>;
  readonly emptyTimeoutSeconds: Sourced<number>;
  readonly permissions: Sourced<Permissions>;
  readonly recording: Sourced<RecordingWish>;
}

/** What a placement asks of the room and its tenant; the deployment adds the order of rules and its default region. */
export type RoomPlacementPolicy = Omit<PlacementPolicy, 'ruleOrder' | 'defaultRegion'>;

const ANY_REGION: RegionWish = { mode: 'auto', fallback: 'nearest', clientChoice: false };
const ALL_PERMISSIONS: Permissions = { publish: true, sources: TRACK_SOURCES, data: true };
const NO_RECORDING: RecordingWish = { auto: false, layout: null, audioOnly: false, retentionDays: null };

/** Layers deployment, tenant and room into the values in force. Regions and residency only ever narrow. */
export function effectivePolicy(defaults: RoomDefaults, tenant: TenantRules, room: Pick<Room, 'settings'>): EffectivePolicy {
  const { settings } = room;
  return {
    access: layer<Access>(defaults.access, tenant.access, settings.access),
    region: merge(ANY_REGION, undefined, settings.region),
    residency: layerResidency(tenant.residency, settings.residency),
    residencyRules: readResidencies(tenant.residency, settings.residency),
    hasTenantResidency: tenant.residency !== undefined,
    tenantRegions: tenant.regions,
    maxParticipants: layer<number | null>(null, tenant.maxParticipants, settings.maxParticipants),
    emptyTimeoutSeconds: layer(defaults.emptyTimeoutSeconds, undefined, settings.emptyTimeoutSeconds),
    permissions: merge(ALL_PERMISSIONS, tenant.permissions, settings.permissions),
    recording: merge(NO_RECORDING, tenant.recording, settings.recording),
  };
}

function layer<T>(deployment: T, tenant: T | undefined, room: T | undefined): Sourced<T> {
  if (room !== undefined) return { value: room, source: 'room' };
  return tenant === undefined ? { value: deployment, source: 'deployment' } : { value: tenant, source: 'tenant' };
}

type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Objects layer by member; the source is the highest layer that gave any. */
function merge<T extends object>(deployment: T, tenant: Given<T> | undefined, room: Given<T> | undefined): Sourced<T> {
  const { source } = layer<unknown>(deployment, tenant, room);
  return { value: { ...deployment, ...given(tenant), ...given(room) }, source };
}

function given<T extends object>(values: Given<T> | undefined): Partial<T> {
  const entries = Object.entries(values ?? {}).filter(([, value]) => value !== undefined);
  // The entries of `values` less some: TypeScript keeps no names through a list.
  return Object.fromEntries(entries) as Partial<T>;
}

const NOWHERE: Residency = { regions: [] };

function layerResidency(tenant: unknown, room: unknown): Sourced<Residency | null> {
  const rules = readResidencies(tenant, room);
  const value = rules.length === 0 ? null : rules.map((rule) => (rule === 'unreadable' ? NOWHERE : rule)).reduce(intersect);
  return layer<Residency | null>(null, tenant === undefined ? undefined : value, room === undefined ? undefined : value);
}

function intersect(a: Residency, b: Residency): Residency {
  const jurisdictions = common(a.jurisdictions, b.jurisdictions);
  const regions = common(a.regions, b.regions);
  const deny = [...new Set([...(a.deny ?? []), ...(b.deny ?? [])])];
  return {
    ...(jurisdictions === undefined ? {} : { jurisdictions }),
    ...(regions === undefined ? {} : { regions }),
    ...(deny.length === 0 ? {} : { deny }),
  };
}

function common(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : a.filter((item) => b.includes(item));
}

/** Where the tenant narrows what its rooms may choose: regions by its own lists and its residency, residency by that. */
export function locksOf({ tenantRegions, hasTenantResidency }: EffectivePolicy): { readonly region: PolicyLock; readonly residency: PolicyLock } {
  const narrowsRegions = tenantRegions.allow !== undefined || (tenantRegions.deny?.length ?? 0) > 0;
  return {
    region: narrowsRegions || hasTenantResidency ? 'tenant' : null,
    residency: hasTenantResidency ? 'tenant' : null,
  };
}

/** What a placement decision needs to know of the room. */
export function placementPolicyOf(effective: EffectivePolicy): RoomPlacementPolicy {
  const { id, fallback, clientChoice } = effective.region.value;
  const { auto, audioOnly } = effective.recording.value;
  return {
    pin: id === undefined ? null : { region: id, fallback },
    clientChoice,
    residency: effective.residencyRules,
    tenantRegions: effective.tenantRegions,
    mustRecord: auto ? recordingKind(audioOnly) : null,
    maxParticipants: effective.maxParticipants.value,
  };
}

function recordingKind(audioOnly: boolean): 'audio' | 'composite' {
  return audioOnly ? 'audio' : 'composite';
}
