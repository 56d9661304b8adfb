import { presenceMaxAgeMs, type Session } from './session.ts';

/** What this process alone knows of a session; all of it may be lost. */
interface Memory {
  lastSignMs: number;
  grants: { readonly id: string; readonly atMs: number }[];
}

/** Enough to tell that somebody may be on the way; more would only cost memory. */
const MAX_GRANTS = 16;
const GRANT_AGE_MS = 60_000;
const MAX_SESSIONS = 20_000;

export interface SessionMemory {
  lastSignMs(session: Session): number;
  unseenGrantsMs(session: Session): number[];
  /** LiveKit spoke of the room at this time; an older word than the newest changes nothing. */
  noteSign(sessionId: string, atMs: number): void;
  noteGrant(sessionId: string, grantId: string, nowMs: number): void;
  noteSeen(sessionId: string, grantId: string): void;
  /** Whether the row behind a cached session is too old to judge who is inside by. */
  isStale(session: Session, ageMs: number): boolean;
}

export function createSessionMemory(): SessionMemory {
  const memories = new Map<string, Memory>();

  function of(sessionId: string): Memory {
    const known = memories.get(sessionId);
    if (known) return known;
    if (memories.size >= MAX_SESSIONS) memories.clear();
    const fresh: Memory = { lastSignMs: 0, grants: [] };
    memories.set(sessionId, fresh);
    return fresh;
  }

  return {
    lastSignMs: (session) => memories.get(session.id)?.lastSignMs ?? 0,
    unseenGrantsMs: (session) => memories.get(session.id)?.grants.map(({ atMs }) => atMs) ?? [],
    noteSign: (sessionId, atMs) => {
      const memory = of(sessionId);
      memory.lastSignMs = Math.max(memory.lastSignMs, atMs);
    },
    noteGrant: (sessionId, id, nowMs) => {
      const memory = of(sessionId);
      if (memory.grants.length >= MAX_GRANTS) {
        memory.grants = memory.grants.filter(({ atMs }) => nowMs - atMs < GRANT_AGE_MS);
      }
      if (memory.grants.length < MAX_GRANTS) memory.grants.push({ id, atMs: nowMs });
    },
    noteSeen: (sessionId, grantId) => {
      const memory = memories.get(sessionId);
      if (memory) memory.grants = memory.grants.filter(({ id }) => id !== grantId);
    },
    isStale: (session, ageMs) => ageMs > presenceMaxAgeMs(session),
  };
}
