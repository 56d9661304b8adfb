import type { RegionState } from './region-state.ts';
import { countPeople, isOver } from './simulated-room.ts';

/** After Redis came back empty the node needs this long to be known again (it writes its record every 2 s). */
const NODE_RECORD_MS = 2_000;

/** What befalls a region: time passing, crashes, a Redis that forgets. */
export function createOutageOperations(state: RegionState, endWebhooks: () => void) {
  const { log, time } = state;

  /** The node's memory is gone, and with it everybody's connection; nothing is told by webhook. */
  function loseNode(names: readonly string[]): void {
    for (const name of names) {
      const live = state.live.get(name);
      if (live === undefined) continue;
      for (const { identity, sid } of live.participants.values()) {
        log.add('participant.dropped', { room: name, identity, sid });
      }
      state.live.delete(name);
      const record = state.stored.get(name);
      if (record !== undefined) record.nodeLostAtMs = time.nowMs();
    }
  }

  function powerOff(how: string): void {
    log.add('region.down', { how });
    loseNode([...state.live.keys()]);
    endWebhooks();
    state.power = 'down';
  }

  return {
    /** SIGKILL: what is queued is lost, what is stored stays. */
    kill: () => powerOff('killed'),

    /** Starts the process again; without `keepState` its Redis is empty, with it every room is a ghost. */
    restart(keepState: boolean): void {
      if (state.power !== 'down') powerOff('restarted');
      if (!keepState) {
        state.stored.clear();
        state.assigned.clear();
      }
      state.power = 'up';
      state.nodesBackAtMs = 0;
      log.add('region.up', { keepState });
    },

    /** Redis comes back empty under a living node: its rooms run on, invisible. */
    emptyRedis(): void {
      state.stored.clear();
      state.assigned.clear();
      state.nodesBackAtMs = time.nowMs() + NODE_RECORD_MS;
      log.add('redis.emptied', {});
    },

    /** One node of the region dies, which held these rooms; the others answer on. */
    loseNode(names: readonly string[]): void {
      log.add('node.lost', { rooms: names });
      loseNode(names);
    },

    /** SIGTERM: no new rooms; the process ends when the last person has left. */
    drain(): void {
      if (state.power === 'up') state.power = 'draining';
      log.add('region.draining', {});
    },

    /** Ends rooms whose time is over. LiveKit looks about once a second. */
    tick(): void {
      if (state.power === 'down') return;
      for (const live of state.live.values()) {
        if (isOver(live, time.nowMs())) state.finish(live, 'ROOM_CLOSED');
      }
      const empty = [...state.live.values()].every((live) => countPeople(live) === 0);
      if (state.power !== 'draining' || !empty) return;
      for (const live of state.live.values()) state.finish(live, 'SERVER_SHUTDOWN');
      state.power = 'down';
      log.add('region.down', { how: 'drained' });
    },
  };
}
