import { isLivekitFailure } from '../platform/livekit/livekit-failure.ts';
import { type LivekitGateway, createLivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import { signAdminToken } from '../platform/livekit/livekit-token.ts';
import type { Region } from './region.ts';
import { signingKeyOf } from './region.ts';
import type { RegionDirectory } from './region-directory.ts';

export interface RegionGateways {
  /**
   * The door to a region's LiveKit by its newest configuration. Ask for it at each use: it is exchanged when address
   * or signing key change. Every answer through it counts as a sign of life of the region.
   * @throws AppError `region.unknown` (422).
   */
  gatewayOf(regionId: string): LivekitGateway;
  close(): void;
}

interface Entry {
  readonly connection: string;
  readonly gateway: LivekitGateway;
}

/** Calls of a gateway that was exchanged may end by themselves: the longest takes 5 s. */
const CLOSE_AFTER_MS = 10_000;

export function createRegionGateways(options: {
  readonly directory: Pick<RegionDirectory, 'get' | 'onChange'>;
  readonly nowMs: () => number;
  /** Told of each answer, also of a refusal: the region is alive. */
  readonly onSign: (regionId: string) => void;
  readonly onKeyUse: (regionId: string, keyId: string) => void;
}): RegionGateways {
  const { directory, nowMs, onSign, onKeyUse } = options;
  const entries = new Map<string, Entry>();

  function open(region: Region): LivekitGateway {
    const key = signingKeyOf(region);
    if (key === undefined) throw new Error(`region ${region.id} has no signing key`);
    const gateway = createLivekitGateway({
      apiUrl: region.livekit.apiUrl,
      signAdminToken: (grant) => {
        onKeyUse(region.id, key.id);
        return signAdminToken(key, grant, nowMs());
      },
    });
    return observed(gateway, () => onSign(region.id));
  }

  function drop(id: string): void {
    const entry = entries.get(id);
    entries.delete(id);
    if (entry) setTimeout(() => entry.gateway.close(), CLOSE_AFTER_MS).unref();
  }

  directory.onChange(({ regions }) => {
    for (const [id, { connection }] of entries) {
      const region = regions.find((each) => each.id === id);
      if (region === undefined || connectionOf(region) !== connection) drop(id);
    }
  });

  return {
    gatewayOf: (id) => {
      const known = entries.get(id);
      if (known) return known.gateway;
      const region = directory.get(id, 'body');
      const gateway = open(region);
      entries.set(id, { connection: connectionOf(region), gateway });
      return gateway;
    },
    close: () => {
      for (const { gateway } of entries.values()) gateway.close();
      entries.clear();
    },
  };
}

/** What a region is reached by; anything else of it may change without cutting a call. */
export function connectionOf(region: Region): string {
  const key = signingKeyOf(region);
  return JSON.stringify([region.livekit.apiUrl, key?.key, key?.secret.reveal()]);
}

/** The same gateway, with every answer reported: a result, and a refusal that LiveKit itself spoke. */
function observed(gateway: LivekitGateway, onAnswer: () => void): LivekitGateway {
  function watch<A extends unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
    return async (...args) => {
      try {
        const answer = await call(...args);
        onAnswer();
        return answer;
      } catch (error) {
        if (isLivekitFailure(error, 'definite')) onAnswer();
        throw error;
      }
    };
  }
  return {
    createRoom: watch(gateway.createRoom),
    listRooms: watch(gateway.listRooms),
    deleteRoom: watch(gateway.deleteRoom),
    listParticipants: watch(gateway.listParticipants),
    removeParticipant: watch(gateway.removeParticipant),
    mutePublishedTrack: watch(gateway.mutePublishedTrack),
    updateParticipant: watch(gateway.updateParticipant),
    probeRoomNode: watch(gateway.probeRoomNode),
    close: () => gateway.close(),
  };
}
