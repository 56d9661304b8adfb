import type { RoomId, SessionId } from '../kernel/ids.ts';
import type { CloseReason, RoomConfig, Session } from './session.ts';

/** A row of `session` by its own column names. */
export interface SessionRow {
  readonly id: string;
  readonly room_id: string;
  readonly tenant_id: string;
  readonly epoch: number;
  readonly region: string;
  readonly decision_id: string;
  readonly empty_timeout_seconds: number;
  readonly departure_timeout_seconds: number;
  readonly max_participants: number | null;
  readonly room_config: RoomConfig;
  readonly opened_at: Date;
  readonly live_at: Date | null;
  readonly livekit_sid: string | null;
  readonly closed_at: Date | null;
  readonly close_reason: string | null;
  readonly last_sign_at: Date | null;
  readonly node_sign_at: Date | null;
  readonly inside: number;
  readonly last_left_at: Date | null;
  readonly participants_read_at: Date | null;
  readonly doubtful_at: Date | null;
  readonly hidden_at: Date | null;
  readonly silent_at: Date | null;
  readonly create_called_at: Date | null;
}

export function fromRow(row: SessionRow): Session {
  return {
    id: row.id as SessionId,
    roomId: row.room_id as RoomId,
    tenantId: row.tenant_id,
    epoch: row.epoch,
    region: row.region,
    decisionId: row.decision_id,
    emptyTimeoutSeconds: row.empty_timeout_seconds,
    departureTimeoutSeconds: row.departure_timeout_seconds,
    maxParticipants: row.max_participants,
    roomConfig: row.room_config,
    openedAt: row.opened_at,
    liveAt: row.live_at,
    livekitSid: row.livekit_sid,
    closedAt: row.closed_at,
    closeReason: row.close_reason as CloseReason | null,
    lastSignAt: row.last_sign_at,
    nodeSignAt: row.node_sign_at,
    inside: row.inside,
    lastLeftAt: row.last_left_at,
    participantsReadAt: row.participants_read_at,
    doubtfulAt: row.doubtful_at,
    hiddenAt: row.hidden_at,
    silentAt: row.silent_at,
    createCalledAt: row.create_called_at,
  };
}
