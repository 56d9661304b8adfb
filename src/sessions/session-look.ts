import type { Clock } from '../kernel/clock.ts';
import type { SessionRegions } from './session-ports.ts';
import type { SessionMemory } from './session-memory.ts';
import { type Session, livekitRoomName } from './session.ts';

/** `unknown` proves nothing: the join goes on with the live session. */
export type LookResult = 'listed' | 'absent' | 'unknown';

export interface SessionLook {
  /** Asks LiveKit whether the room is there; one answer serves all joins of the room on this process for 2 s. */
  look(session: Session): Promise<LookResult>;
  /** Whether such an answer is there and says that the room is: nothing need be awaited then. */
  wasJustListed(session: Session): boolean;
}

const LOOK_TIMEOUT_MS = 300;
const LOOK_KEPT_MS = 2_000;
const MAX_KEPT = 10_000;

interface KeptLook {
  readonly atMs: number;
  readonly result: Promise<LookResult>;
  isListed: boolean;
}

export function createSessionLook(options: {
  readonly regions: Pick<SessionRegions, 'gatewayOf' | 'isHealthy'>;
  readonly memory: SessionMemory;
  readonly clock: Clock;
}): SessionLook {
  const { regions, memory, clock } = options;
  const kept = new Map<string, KeptLook>();

  async function ask(session: Session): Promise<LookResult> {
    const name = livekitRoomName(session);
    try {
      const rooms = await regions.gatewayOf(session.region)?.listRooms([name], { timeoutMs: LOOK_TIMEOUT_MS });
      if (!rooms) return 'unknown';
      if (!rooms.some((room) => room.name === name)) return regions.isHealthy(session.region) ? 'absent' : 'unknown';
      memory.noteSign(session.id, clock.nowMs());
      return 'listed';
    } catch {
      return 'unknown';
    }
  }

  function find(session: Session): KeptLook | undefined {
    const known = kept.get(session.id);
    return known && clock.monotonicMs() - known.atMs < LOOK_KEPT_MS ? known : undefined;
  }

  function begin(session: Session): KeptLook {
    if (kept.size >= MAX_KEPT) kept.clear();
    const look: KeptLook = { atMs: clock.monotonicMs(), result: ask(session), isListed: false };
    kept.set(session.id, look);
    // `ask` never rejects.
    void look.result.then((result) => {
      look.isListed = result === 'listed';
    });
    return look;
  }

  return {
    look: (session) => (find(session) ?? begin(session)).result,
    wasJustListed: (session) => find(session)?.isListed === true,
  };
}
