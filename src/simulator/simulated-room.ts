/** What LiveKit's room, participant and track messages hold, as far as the double knows them. */

export interface SimulatedRoom {
  readonly sid: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly emptyTimeoutSeconds: number;
  readonly departureTimeoutSeconds: number;
  readonly maxParticipants: number;
  readonly metadata: string;
  readonly turnPassword: string;
}

export interface SimulatedPermission {
  readonly canSubscribe: boolean;
  readonly canPublish: boolean;
  readonly canPublishData: boolean;
  readonly canPublishSources: readonly string[];
  readonly hidden: boolean;
  readonly recorder: boolean;
  readonly canUpdateMetadata: boolean;
  readonly agent: boolean;
}

export interface SimulatedTrack {
  readonly sid: string;
  readonly type: 'AUDIO' | 'VIDEO';
  readonly source: string;
  readonly muted: boolean;
}

export interface SimulatedParticipant {
  readonly sid: string;
  readonly identity: string;
  readonly name: string;
  readonly kind: string;
  readonly metadata: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly permission: SimulatedPermission;
  readonly joinedAtMs: number;
  readonly tracks: readonly SimulatedTrack[];
}

/** A room in a node's memory: the only place where people really are. */
export interface LiveRoom {
  readonly room: SimulatedRoom;
  readonly participants: Map<string, SimulatedParticipant>;
  /** When the last one who holds a room open left; undefined while nobody has come yet. */
  lastLeftAtMs: number | undefined;
}

/** A room in the region's Redis: what ListRooms and ListParticipants show, true or not. */
export interface StoredRoom {
  readonly room: SimulatedRoom;
  readonly participants: Map<string, SimulatedParticipant>;
  numParticipants: number;
  /** When its node died, for a ghost. */
  nodeLostAtMs: number | undefined;
}

/** Recorders and agents neither count as participants nor hold a room open. */
export function holdsRoomOpen(participant: SimulatedParticipant): boolean {
  return participant.kind !== 'EGRESS' && participant.kind !== 'AGENT';
}

/** How many count as participants. */
export function countPeople(live: LiveRoom): number {
  return [...live.participants.values()].filter(holdsRoomOpen).length;
}

/** Whether LiveKit would end the room now. Age counts from the first creation, also after a crash. */
export function isOver(live: LiveRoom, nowMs: number): boolean {
  if (countPeople(live) > 0) return false;
  const { room, lastLeftAtMs } = live;
  return lastLeftAtMs === undefined
    ? nowMs >= room.createdAtMs + room.emptyTimeoutSeconds * 1000
    : nowMs >= lastLeftAtMs + room.departureTimeoutSeconds * 1000;
}
