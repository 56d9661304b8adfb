import { createParticipantCalls, type ParticipantCalls } from './participant-calls.ts';
import { createRoomCalls, type RoomCalls } from './room-calls.ts';
import { createTwirpClient, type LivekitAdminGrant } from './twirp-client.ts';

/** One region's LiveKit, in our own words. Every call throws `LivekitFailure`, or the signal's reason on abort. */
export interface LivekitGateway extends RoomCalls, ParticipantCalls {
  /** Ends idle and running calls; the gateway is of no use afterwards. */
  readonly close: () => void;
}

export interface LivekitGatewayDependencies {
  /** The region's API address, http(s) or ws(s). */
  readonly apiUrl: string;
  /** Signs a short-lived admin token with the region's newest sign key. */
  readonly signAdminToken: (grant: LivekitAdminGrant) => string;
}

/** The door to one region's LiveKit. Holds connections: close it when the region's address or keys change. */
export function createLivekitGateway(dependencies: LivekitGatewayDependencies): LivekitGateway {
  const client = createTwirpClient(dependencies);
  return { ...createRoomCalls(client), ...createParticipantCalls(client), close: () => client.close() };
}
