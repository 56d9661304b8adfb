import { describe, expect, it } from 'vitest';
import { takeConfig } from '../../../src/regions/region-config.ts';
import { faultsOfSet, warningsOfSet } from '../../../src/regions/region-set.ts';
import { readRegion } from './region-documents.ts';

const NOW = new Date('2026-11-21T10:00:00Z');
const place = (changes: Readonly<Record<string, unknown>>) => takeConfig(readRegion(changes), undefined, NOW);
const eu = place({ redis: { url: 'redis://shared.example:6379/0' }, hostnames: ['eu.example'] });

describe('a set of regions', () => {
  it.each([
    ['another database of it', 'redis://shared.example/7'],
    ['another spelling of it', 'rediss://user:pw@SHARED.example:6379'],
  ])('S4-06 refuses two regions on one Redis server: %s', (_what, url) => {
    const us = place({ id: 'us-iad', redis: { url } });
    expect(faultsOfSet([eu.document, us.document], [us.document], () => '')).toEqual([
      { path: 'redis.url', message: 'is the Redis server of region eu-fra; each region needs its own' },
    ]);
  });

  it('S4-06 takes two names of loopback for one server', () => {
    const one = place({ redis: { url: 'redis://localhost:6391' } });
    const two = place({ id: 'us-iad', redis: { url: 'redis://127.0.0.1:6391' } });
    expect(faultsOfSet([one.document, two.document], [two.document], () => 'regions.1.').map(({ path }) => path)).toEqual(['regions.1.redis.url']);
  });

  it('lets a region keep its own Redis server, and another port be another server', () => {
    const us = place({ id: 'us-iad', redis: { url: 'redis://shared.example:6380' } });
    expect(faultsOfSet([eu.document, us.document], [eu.document, us.document], () => '')).toEqual([]);
  });

  it('refuses one host name for two regions', () => {
    const us = place({ id: 'us-iad', hostnames: ['us.example', 'EU.example'] });
    expect(faultsOfSet([eu.document, us.document], [us.document], () => '').map(({ path }) => path)).toEqual(['hostnames.1']);
  });

  it('S4-06 only warns of the control plane\'s own Redis server', () => {
    const sound = place({ redis: { url: 'redis://control.example' }, livekit: { ...readRegion().livekit, keys: [{ id: 'a', key: 'k', secret: 's'.repeat(32), use: 'sign' }] } });
    expect(warningsOfSet([sound], 'redis://control.example:6379/3')).toHaveLength(1);
    expect(warningsOfSet([sound], 'redis://elsewhere.example')).toEqual([]);
  });

  it('warns of a secret that can be guessed', () => {
    expect(warningsOfSet([eu], undefined)[0]).toMatch(/key one is shorter than 32/);
  });
});
