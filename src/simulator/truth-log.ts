import type { SimulatedTime } from './simulated-time.ts';

/** One thing that really happened in a region. Auditors compare it with what Meridian remembers. */
export interface TruthEntry {
  readonly seq: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly region: string;
  /** `room.created`, `participant.joined`, `call`, `webhook.delivered`, … */
  readonly type: string;
  readonly [fact: string]: unknown;
}

export interface TruthLog {
  add(type: string, facts: Readonly<Record<string, unknown>>): void;
  /** Entries with a `seq` above `after`, oldest first. */
  listAfter(after: number): readonly TruthEntry[];
}

/** About 100 MB at worst; a run that needs more reads the log while it goes on. */
const MAX_ENTRIES = 200_000;

/** The region's history in order. The oldest tenth is forgotten when it grows over its bound. */
export function createTruthLog(region: string, time: SimulatedTime): TruthLog {
  const entries: TruthEntry[] = [];
  let seq = 0;
  return {
    add(type, facts) {
      seq += 1;
      entries.push({ ...facts, seq, at: new Date(time.nowMs()).toISOString(), region, type });
      if (entries.length > MAX_ENTRIES) entries.splice(0, MAX_ENTRIES / 10);
    },
    listAfter(after) {
      const first = entries[0];
      return first === undefined ? [] : entries.slice(Math.max(0, after + 1 - first.seq));
    },
  };
}
