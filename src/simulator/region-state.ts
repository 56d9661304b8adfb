import { createHash, randomUUID } from 'node:crypto';
import type { RegionEvent } from './region-event.ts';
import { createRoomMemory, type RoomMemory } from './room-memory.ts';
import type { SimulatedRegionConfig } from './simulator-config.ts';
import type { LiveRoom } from './simulated-room.ts';
import type { SimulatedTime } from './simulated-time.ts';
import type { TruthLog } from './truth-log.ts';
import { nodeSilent } from './twirp-refusal.ts';

export interface RegionStateDependencies {
  readonly config: SimulatedRegionConfig;
  readonly seed: string | undefined;
  readonly time: SimulatedTime;
  readonly log: TruthLog;
  readonly emit: (event: RegionEvent) => void;
}

/** `down`: the process is dead. `draining`: it takes no new rooms and ends with its last room. */
export type RegionPower = 'up' | 'draining' | 'down';

/** All that a region is at one moment. */
export interface RegionState extends RegionStateDependencies, RoomMemory {
  power: RegionPower;
  /** Until then Redis does not know of any node. */
  nodesBackAtMs: number;
  /** LiveKit's ids: a prefix that tells the kind, and twelve letters and digits. */
  makeSid: (prefix: string) => string;
  /** The room as its node knows it; without a node LiveKit waits, then says 503. */
  onNode: (name: string) => LiveRoom;
}

export function createRegionState(dependencies: RegionStateDependencies): RegionState {
  const { config, seed } = dependencies;
  const memory = createRoomMemory({ ...dependencies, countLagMs: config.participantCountLagMs });
  return {
    ...dependencies,
    ...memory,
    power: 'up',
    nodesBackAtMs: 0,
    makeSid: createSidMaker(seed, config.id),
    onNode: (name) => {
      const room = memory.live.get(name);
      if (room === undefined) throw nodeSilent(config.nodeTimeoutMs);
      return room;
    },
  };
}

function createSidMaker(seed: string | undefined, region: string): (prefix: string) => string {
  const base = `${seed ?? randomUUID()}/${region}`;
  let made = 0;
  return (prefix) => {
    made += 1;
    const digest = createHash('sha256').update(`${base}/${made}`).digest('base64');
    return `${prefix}_${digest.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 12)}`;
  };
}
