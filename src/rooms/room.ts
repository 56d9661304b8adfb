import type { RoomId } from '../kernel/ids.ts';
import type { Residency } from '../placements/placements-module.ts';

export const ACCESS_MODES = ['public', 'trusted', 'restricted'] as const;
/** Who may enter: anyone; any user of the tenant; members, others after they were let in. */
export type Access = (typeof ACCESS_MODES)[number];

/** Track sources by LiveKit's own names, all that a browser can publish. */
export const TRACK_SOURCES = ['camera', 'microphone', 'screen_share', 'screen_share_audio'] as const;
export type TrackSource = (typeof TRACK_SOURCES)[number];

export const REGION_MODES = ['auto', 'pinned'] as const;
export const PIN_FALLBACKS = ['strict', 'nearest'] as const;

/** The owner's word on the region of the next session; `id` is there exactly when `mode` is `pinned`. */
export interface RegionWish {
  readonly mode: (typeof REGION_MODES)[number];
  readonly id?: string | undefined;
  readonly fallback: (typeof PIN_FALLBACKS)[number];
  readonly clientChoice: boolean;
}

/** What participants may do; owners and moderators may do everything. */
export interface Permissions {
  readonly publish: boolean;
  readonly sources: readonly TrackSource[];
  readonly data: boolean;
}

export interface RecordingWish {
  readonly auto: boolean;
  readonly layout: string | null;
  readonly audioOnly: boolean;
  /** Days; null = as long as the deployment keeps them. */
  readonly retentionDays: number | null;
}

export interface RoomAgent {
  readonly name: string;
  readonly metadata?: string | undefined;
}

type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What the owner has set and nothing else: what is absent comes from the tenant or the deployment. */
export interface RoomSettings {
  readonly access?: Access | undefined;
  readonly region?: (Given<RegionWish> & Pick<RegionWish, 'mode'>) | undefined;
  readonly residency?: Given<Residency> | undefined;
  readonly maxParticipants?: number | undefined;
  readonly emptyTimeoutSeconds?: number | undefined;
  readonly permissions?: Given<Permissions> | undefined;
  readonly recording?: Given<RecordingWish> | undefined;
  readonly agents?: readonly RoomAgent[] | undefined;
  readonly invitedCountries?: readonly string[] | undefined;
  readonly metadata?: unknown;
}

/** The durable thing people meet in. It exists while nobody is inside. */
export interface Room {
  readonly id: RoomId;
  readonly tenantId: string;
  readonly slug: string;
  readonly name: string;
  readonly settings: RoomSettings;
  readonly createdBy: string;
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What a caller may write of a room. */
export interface RoomContent extends RoomSettings {
  readonly slug?: string | undefined;
  readonly name?: string | undefined;
}

/** The open session of a room, as its readers see it. */
export interface LiveSession {
  readonly sessionId: string;
  readonly epoch: number;
  readonly region: string;
  readonly startedAt: Date;
  readonly participants: number;
}

/** What this module needs to know of a region. */
export interface KnownRegion {
  readonly id: string;
  readonly jurisdiction: string;
  readonly storageJurisdiction?: string | undefined;
  readonly maxRoomParticipants?: number | undefined;
}
