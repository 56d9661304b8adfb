import type { GeoLocator } from '../platform/geoip/geo-locator.ts';
import { networkPrefix, wholeAddressPrefix } from '../platform/http/client-ip.ts';
import type { PlacementRegion, PlacementRequest } from './placement.ts';
import { resolveHint } from './region-hint.ts';

/** What a request tells of its caller's place and way in. */
export interface Arrival {
  readonly address: string;
  readonly trustedPeer: boolean;
  header(name: string): string | undefined;
}

export interface ArrivalOptions {
  readonly locator: () => GeoLocator;
  /** The region that this replica stands in. */
  readonly replicaRegion: string | undefined;
  readonly storeFullAddress: boolean;
}

export type ArrivalReader = (
  arrival: Arrival,
  regions: readonly PlacementRegion[],
) => Pick<PlacementRequest, 'client' | 'networkPrefix' | 'dnsHint'>;

/** Reads a caller's place, and the hint that its way in is, off a request. */
export function createArrivalReader({ locator, replicaRegion, storeFullAddress }: ArrivalOptions): ArrivalReader {
  const prefixOf = storeFullAddress ? wholeAddressPrefix : networkPrefix;
  return ({ address, trustedPeer, header }, regions) => {
    const way = {
      host: header('host'),
      trustedPeer,
      forwardedHost: header('x-forwarded-host'),
      edgeRegion: header('x-meridian-region'),
      replicaRegion,
    };
    return {
      client: locator().locate(address),
      networkPrefix: prefixOf(address) ?? null,
      dnsHint: resolveHint(way, regions),
    };
  };
}
