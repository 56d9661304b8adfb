import { describe, expect, it } from 'vitest';
import { resolveHint, type WayIn } from '../../../src/placements/region-hint.ts';

const REGIONS = [
  { id: 'eu-fra', hostnames: ['eu.meet.example', 'fra.meet.example'] },
  { id: 'us-iad', hostnames: ['us.meet.example'] },
];

const way = (over: Partial<WayIn>): WayIn => ({
  host: 'meet.example',
  trustedPeer: true,
  forwardedHost: undefined,
  edgeRegion: undefined,
  replicaRegion: undefined,
  ...over,
});

describe('S4-04 S1-02 the way in is a hint', () => {
  it.each<[string, Partial<WayIn>, [string, string] | null]>([
    ['the host name reached', { host: 'eu.meet.example' }, ['eu-fra', 'host']],
    ['without its port', { host: 'fra.meet.example:8443' }, ['eu-fra', 'host']],
    ['in any case, with or without the final dot', { host: 'US.Meet.Example.' }, ['us-iad', 'host']],
    ['the forwarded host of a trusted proxy', { host: 'internal', forwardedHost: 'us.meet.example' }, ['us-iad', 'host']],
    ['not that of a stranger', { trustedPeer: false, host: 'eu.meet.example', forwardedHost: 'us.meet.example' }, ['eu-fra', 'host']],
    ['of a list the name that the trusted proxy wrote', { forwardedHost: 'us.meet.example, eu.meet.example' }, ['eu-fra', 'host']],
    ['the host goes before the edge', { host: 'eu.meet.example', edgeRegion: 'us-iad' }, ['eu-fra', 'host']],
    ['the edge’s word', { edgeRegion: ' us-iad ' }, ['us-iad', 'edge']],
    ['an unknown region of the edge, to be named in the decision', { edgeRegion: 'mars', replicaRegion: 'eu-fra' }, ['mars', 'edge']],
    ['not a stranger’s', { trustedPeer: false, edgeRegion: 'us-iad' }, null],
    ['the replica’s own region last', { replicaRegion: 'eu-fra' }, ['eu-fra', 'replica']],
    ['a stranger’s header does not hide the replica', { trustedPeer: false, edgeRegion: 'us-iad', replicaRegion: 'eu-fra' }, ['eu-fra', 'replica']],
    ['an empty header is no word', { edgeRegion: ' ', replicaRegion: 'eu-fra' }, ['eu-fra', 'replica']],
    ['an endless header neither', { edgeRegion: 'x'.repeat(10_000) }, null],
    ['nor an endless host', { host: `${'x'.repeat(10_000)}:1` }, null],
    ['an address in brackets', { host: '[::1]:8080' }, null],
    ['no host at all', { host: undefined }, null],
  ])('%s', (_, over, expected) => {
    expect(resolveHint(way(over), REGIONS)).toEqual(expected === null ? null : { region: expected[0], source: expected[1] });
  });
});
