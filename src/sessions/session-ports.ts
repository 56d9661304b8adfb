import type { Db } from '../platform/database/prisma-client.ts';
import type { LivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import type { LivekitFailure } from '../platform/livekit/livekit-failure.ts';
import type { RoomId } from '../kernel/ids.ts';
import type { Session } from './session.ts';

/** A room with its open session, as Postgres confirmed it within the last second. */
export interface RoomState {
  readonly roomId: RoomId;
  readonly tenantId: string;
  readonly roomName: string;
  readonly roomRevision: number;
  readonly tenantRevision: number;
  readonly emptyTimeoutSeconds: number;
  readonly maxParticipants: number | null;
  readonly agents: readonly { readonly name: string; readonly metadata?: string | undefined }[];
  readonly session: Session | null;
  /** Monotonic ms of the read behind `session`. */
  readonly readAtMs: number;
}

export interface RoomStates {
  /** From memory when it is confirmed, else one read. Undefined for a room that is not there. */
  get(roomId: RoomId): RoomState | undefined | Promise<RoomState | undefined>;
  /** Reads anew from Postgres. */
  refresh(roomId: RoomId): Promise<RoomState | undefined>;
  /** The session is over or in doubt, or the room was changed: what is remembered is not used again. */
  invalidate(roomId: RoomId): void;
  /** There is news of the session; until it is read, the old still does when Postgres is away. */
  expire(roomId: RoomId): void;
}

/** What a placement learns of a join, besides the room. */
export interface PlacementAsk {
  readonly address: string;
  readonly trustedPeer: boolean;
  header(name: string): string | undefined;
  readonly clientRegion: string | null;
  readonly latencies: readonly { readonly region: string; readonly rttMs: number }[];
  readonly avoidRegion: string | null;
}

export interface PlacementDecision {
  readonly id: string;
  readonly winner: string | null;
  readonly rule: string | null;
  readonly reason: string;
  readonly refusal: 'no-region' | 'pinned-unavailable' | null;
  /** Revision of the winner's row as the decision saw it; 0 without a winner. */
  readonly winnerRevision: number;
  /** For those who may see why nothing was eligible. */
  readonly candidates: readonly unknown[];
}

export interface SessionPlacements {
  /** Decides for a room; `failed` names regions that have just failed this very request. */
  decide(roomId: RoomId, ask: PlacementAsk, failed: readonly string[]): Promise<PlacementDecision>;
  /** Stores the decision in the transaction that opens the session. */
  store(db: Db, decision: PlacementDecision, subject: { readonly roomId: string; readonly tenantId: string }): Promise<void>;
}

export interface SessionRegions {
  /** Every answer through it counts as a sign of life of the region. */
  gatewayOf(region: string): LivekitGateway | undefined;
  nameOf(region: string): string;
  ids(): readonly string[];
  /** Reads the configuration of all regions anew from Postgres. */
  refresh(): Promise<void>;
  /** Whether this process' newest verdict lets new sessions in: healthy or degraded. */
  isHealthy(region: string): boolean;
  /** How long this process' probes have failed without a break, in ms; 0 while they do not. */
  unhealthyForMs(region: string): number;
  /** A call of a join failed by the region's fault: no new session goes there until its probes are good again. */
  noteFailure(region: string, failure: LivekitFailure): void;
}
