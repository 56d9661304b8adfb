import type { AdminState, HealthStatus } from '../regions/regions-module.ts';

/**
 * Version of the rules in this folder. It grows with every change that can move a room, and stands in each decision,
 * so that an old decision is never explained by new rules.
 */
export const POLICY_VERSION = 1;

/** The rules that choose a region for a new session, in the order that is used unless the deployment says otherwise. */
export const CHOOSING_RULES = ['pinned', 'hint', 'latency', 'geoip', 'default'] as const;
export type ChoosingRule = (typeof CHOOSING_RULES)[number];

/**
 * Why a region may not take the session, or lost against the winner. The last three stand beside eligible regions
 * only; `OVER_LOAD` and `AVOIDED` do so only when they had to give way.
 */
export const REASON_CODES = [
  'RESIDENCY_DENIED',
  'NOT_ALLOWED',
  'CORDONED',
  'DISABLED',
  'UNHEALTHY',
  'MISCONFIGURED',
  'UNPROVEN',
  'OVER_LOAD',
  'OVER_CAPACITY',
  'NO_STORAGE',
  'NO_RECORDER',
  'AVOIDED',
  'FARTHER',
  'SLOWER',
  'NOT_PINNED',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/** What a decision needs to know of a region, and nothing else. */
export interface PlacementRegion {
  readonly id: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly jurisdiction: string;
  /** Jurisdiction of its bucket; the region's own where undefined. */
  readonly storageJurisdiction?: string | undefined;
  readonly hasStorage: boolean;
  /** Kinds of recordings its recorders can do; undefined = not restricted. */
  readonly egressKinds?: readonly string[] | undefined;
  readonly adminState: AdminState;
  readonly health: HealthStatus;
  /** Whether a probe has ever succeeded. */
  readonly proven: boolean;
  /** 0…1, or undefined when nothing measures it. */
  readonly load?: number | undefined;
  readonly loadLimit: number;
  /** Share of the region that one more room is expected to take, 0…1. */
  readonly roomShare: number;
  /** The largest room that fits on one of its nodes; undefined = not known. */
  readonly maxRoomParticipants?: number | undefined;
  /** ISO 3166-1 alpha-2 codes that this region serves whatever the distance. */
  readonly countries: readonly string[];
  /** Host names that stand for this region (DNS hint), lower case. */
  readonly hostnames: readonly string[];
}

/** A residency rule: each list that is given must hold. */
export interface Residency {
  readonly jurisdictions?: readonly string[];
  readonly regions?: readonly string[];
  readonly deny?: readonly string[];
}

/** `unreadable` is a stored rule that this release does not understand; it refuses every region. */
export type ResidencyRule = Residency | 'unreadable';

export interface RegionPin {
  readonly region: string;
  readonly fallback: 'strict' | 'nearest';
}

/** What room, tenant and deployment ask of a placement. */
export interface PlacementPolicy {
  readonly ruleOrder: readonly ChoosingRule[];
  readonly pin: RegionPin | null;
  readonly clientChoice: boolean;
  /** The room's and the tenant's; all of them must hold. */
  readonly residency: readonly ResidencyRule[];
  /** The tenant's own choice of regions, apart from residency. */
  readonly tenantRegions: { readonly allow?: readonly string[]; readonly deny?: readonly string[] };
  /** The kind of recording that the room must have; null = it need not be recorded. */
  readonly mustRecord: string | null;
  /** The room's maximum; null = none. */
  readonly maxParticipants: number | null;
  readonly defaultRegion: string | null;
}

/** Who gave a hint: the client, the host name it reached, the edge in front of us, the replica's own place. */
export const HINT_SOURCES = ['client', 'host', 'edge', 'replica'] as const;
export type HintSource = (typeof HINT_SOURCES)[number];

export interface RegionHint {
  readonly region: string;
  readonly source: HintSource;
}

export interface LatencyProbe {
  readonly region: string;
  readonly rttMs: number;
}

/** Why a measured latency was not used. */
export const LATENCY_DROPS = ['UNKNOWN_REGION', 'NOT_LOWEST', 'TOO_FAST', 'TOO_SLOW'] as const;
export type DroppedLatency = (typeof LATENCY_DROPS)[number];

export interface JudgedLatency extends LatencyProbe {
  readonly dropped: DroppedLatency | null;
}

/** Where the client is, as far as anybody knows. */
export interface ClientPlace {
  readonly country: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly accuracyKm: number | null;
}

export interface PlacementRequest {
  readonly client: ClientPlace;
  readonly networkPrefix: string | null;
  /** The region that the client asks for by name; counts only where the policy allows it. */
  readonly clientChoice: string | null;
  /** The region that the request's way in stands for. */
  readonly dnsHint: RegionHint | null;
  readonly latencies: readonly LatencyProbe[];
  readonly avoidRegions: readonly string[];
  /** Placements, by region, that the regions' load cannot show yet. */
  readonly recentPlacements: ReadonlyMap<string, number>;
  /** Breaks ties: the same seed always breaks them alike. */
  readonly seed: string;
}

export interface DecisionInputs {
  readonly country: string | null;
  readonly accuracyKm: number | null;
  readonly hint: string | null;
  readonly hintSource: HintSource | null;
  readonly networkPrefix: string | null;
  readonly latencies: readonly JudgedLatency[];
}

export interface Candidate {
  readonly region: string;
  readonly eligible: boolean;
  readonly reasons: readonly ReasonCode[];
  /** Great-circle distance to the client, whole kilometres. */
  readonly distanceKm: number | null;
  readonly rttMs: number | null;
  readonly load: number | null;
}

/** What `decidePlacement` finds. With `winner` null, `rule` is null and `refusal` says which of the two problems it is. */
export interface PlacementOutcome {
  readonly policyVersion: number;
  readonly at: Date;
  readonly rule: ChoosingRule | null;
  /** One sentence for people. */
  readonly reason: string;
  readonly winner: string | null;
  readonly refusal: 'no-region' | 'pinned-unavailable' | null;
  /** Whether something that was asked for had to give way: the pin, the default region, a load limit, an avoided region. */
  readonly fallback: boolean;
  readonly inputs: DecisionInputs;
  /** Every region: the eligible ones best first, then the others, nearest first. */
  readonly candidates: readonly Candidate[];
}
