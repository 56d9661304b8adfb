import type { SigningKey } from '../platform/livekit/livekit-token.ts';
import type { RoomEntry } from '../rooms/rooms-module.ts';
import type { RoomConfig, Session } from '../sessions/sessions-module.ts';
import type { Admission, AdmissionAsk } from './admission.ts';

/** A region as a token needs it. */
export interface TokenRegion {
  readonly id: string;
  readonly name: string;
  readonly jurisdiction: string;
  readonly storageJurisdiction?: string | undefined;
  /** Where clients connect to. */
  readonly publicUrl: string;
  /** The newest key in use for signing. */
  readonly signingKey: SigningKey;
}

export interface JoinAsk extends AdmissionAsk {
  readonly metadata?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  readonly region?: string | undefined;
  readonly latencies?: readonly { readonly region: string; readonly rttMs: number }[] | undefined;
  readonly avoidRegion?: string | undefined;
  readonly roomConfig?: RoomConfig | undefined;
}

/** What a client needs to enter, and why it is sent there. */
export interface Joined {
  readonly admission: Admission;
  readonly entry: RoomEntry;
  readonly session: Session;
  readonly region: TokenRegion;
  readonly token: string;
  readonly expiresAt: Date;
  readonly decision: { readonly id: string; readonly rule: string; readonly reason: string };
}
