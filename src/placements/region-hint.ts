import type { PlacementRegion, RegionHint } from './placement.ts';

/** What a request says of its way in. Headers are undefined where absent. */
export interface WayIn {
  /** The `Host` header. */
  readonly host: string | undefined;
  /** Whether the peer is a proxy of ours; without that the next two are the caller's own words and do not count. */
  readonly trustedPeer: boolean;
  readonly forwardedHost: string | undefined;
  readonly edgeRegion: string | undefined;
  /** The region that this replica stands in. */
  readonly replicaRegion: string | undefined;
}

/** A DNS name has at most 253 characters, a region's id 63; longer text is nobody's region and not kept either. */
const MAX_HINT_LENGTH = 253;

/**
 * The region that a way in stands for: the host name reached, else the trusted edge's word, else the replica's own
 * region. An edge's region is not looked up here: an unknown one is to be named in the decision, not hidden.
 */
export function resolveHint(way: WayIn, regions: readonly Pick<PlacementRegion, 'id' | 'hostnames'>[]): RegionHint | null {
  const byHost = regionOfHost(hostOf(way), regions);
  if (byHost !== undefined) return { region: byHost, source: 'host' };
  const edge = way.trustedPeer ? way.edgeRegion?.trim() : undefined;
  if (edge !== undefined && edge !== '' && edge.length <= MAX_HINT_LENGTH) return { region: edge, source: 'edge' };
  return way.replicaRegion === undefined ? null : { region: way.replicaRegion, source: 'replica' };
}

function hostOf(way: WayIn): string | undefined {
  return way.trustedPeer && way.forwardedHost !== undefined ? nearest(way.forwardedHost) : way.host;
}

/** Proxies append to a list: the right-most name was written by the peer that we trust. */
function nearest(list: string): string {
  return list.slice(list.lastIndexOf(',') + 1).trim();
}

function regionOfHost(
  host: string | undefined,
  regions: readonly Pick<PlacementRegion, 'id' | 'hostnames'>[],
): string | undefined {
  if (host === undefined || host === '' || host.length > MAX_HINT_LENGTH) return undefined;
  const name = withoutPort(host).toLowerCase().replace(/\.$/, '');
  return regions.find((region) => region.hostnames.includes(name))?.id;
}

function withoutPort(host: string): string {
  return host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : host.replace(/:\d*$/, '');
}
