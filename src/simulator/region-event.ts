import type { SimulatedParticipant, SimulatedRoom, SimulatedTrack } from './simulated-room.ts';

/** Something LiveKit tells by webhook. */
export interface RegionEvent {
  readonly type: string;
  readonly room: SimulatedRoom;
  readonly participant?: SimulatedParticipant;
  readonly disconnectReason?: string;
  readonly track?: SimulatedTrack;
}
