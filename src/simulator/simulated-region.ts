import { PlainRefusal, type TokenClaims } from './access-token.ts';
import { createClientOperations } from './client-operations.ts';
import { createOutageOperations } from './outage-operations.ts';
import { createPeopleOperations } from './people-operations.ts';
import { createFaultBox } from './region-fault.ts';
import { createRegionState } from './region-state.ts';
import { createRoomOperations } from './room-operations.ts';
import { entrantOf, validateJoin } from './signalling.ts';
import type { SimulatedParticipant } from './simulated-room.ts';
import type { SimulatedRegionConfig } from './simulator-config.ts';
import { pause, type SimulatedTime } from './simulated-time.ts';
import { createTruthLog } from './truth-log.ts';
import { createTwirpService } from './twirp-service.ts';
import { createWebhookSender } from './webhook-sender.ts';

/** How often rooms are looked at for their end; LiveKit's own round is about a second. */
const TICK_MS = 200;

export type SimulatedRegion = ReturnType<typeof createSimulatedRegion>;

/** One region without its HTTP: state, webhooks, faults and the truth of what happened. */
export function createSimulatedRegion(dependencies: {
  readonly config: SimulatedRegionConfig;
  readonly seed: string | undefined;
  readonly time: SimulatedTime;
}) {
  const { config, seed, time } = dependencies;
  const log = createTruthLog(config.id, time);
  const sender = createWebhookSender({ config, time, log });
  const state = createRegionState({
    config,
    seed,
    time,
    log,
    emit: (event) => sender.send(event, state.makeSid('EV')),
  });
  const rooms = createRoomOperations(state);
  const people = createPeopleOperations(state);
  const clients = createClientOperations(state);
  const outages = createOutageOperations(state, () => sender.forgetAll());
  const stopTicking = time.every(TICK_MS, () => outages.tick());

  return {
    config,
    state,
    log,
    clients,
    outages,
    faults: createFaultBox(),
    webhooks: sender,
    callTwirp: createTwirpService({ rooms, people }),
    validateJoin: (claims: TokenClaims | undefined) => validateJoin(state, claims),

    /**
     * What a client's connection does. Entering a ghost waits until its dead node is given up, as on a real server.
     * @throws PlainRefusal; a full room is 500 `connection closed by media`, which is all LiveKit says
     */
    async join(claims: TokenClaims): Promise<SimulatedParticipant & { readonly roomSid: string }> {
      const name = validateJoin(state, claims);
      const lostAtMs = state.stored.get(name)?.nodeLostAtMs;
      if (lostAtMs !== undefined) {
        await pause(time, Math.max(0, lostAtMs + config.deadNodeMs - time.nowMs()));
        validateJoin(state, claims);
      }
      const live = rooms.enterRoom(name);
      const participant = clients.join(live, entrantOf(claims));
      if (participant === undefined) throw new PlainRefusal(500, 'connection closed by media');
      return { ...participant, roomSid: live.room.sid };
    },

    close(): void {
      stopTicking();
      sender.close();
    },
  };
}
