import { describe, expect, it } from 'vitest';
import { busyCores, cpuShareOf, loadOf } from '../../../src/regions/region-load.ts';
import type { RegionCapacity } from '../../../src/regions/region.ts';

const capacity = (changes: Partial<RegionCapacity> = {}): RegionCapacity => ({
  maxParticipants: undefined, maxRooms: undefined, maxRoomParticipants: undefined, nodeCores: undefined, loadLimit: 0.9, ...changes,
});
const nothing = { participants: undefined, openSessions: undefined, cpuShare: undefined };

describe('the load of a region', () => {
  it('S1-04 is the fullest of participants, rooms and CPU', () => {
    const limits = capacity({ maxParticipants: 100, maxRooms: 10 });
    expect(loadOf({ participants: 50, openSessions: 2, cpuShare: 0.1 }, limits)).toBe(0.5);
    expect(loadOf({ participants: 50, openSessions: 8, cpuShare: 0.1 }, limits)).toBe(0.8);
    expect(loadOf({ participants: 50, openSessions: 8, cpuShare: 0.95 }, limits)).toBe(0.95);
  });

  it('is unknown where nothing limits or measures it, and never leaves 0 … 1', () => {
    expect(loadOf({ ...nothing, participants: 50, openSessions: 8 }, capacity())).toBeUndefined();
    expect(loadOf(nothing, capacity({ maxParticipants: 10 }))).toBeUndefined();
    expect(loadOf({ ...nothing, participants: 50 }, capacity({ maxParticipants: 10 }))).toBe(1);
  });

  it('S1-07 sums the CPU of a region\'s nodes and leaves a dead one out', () => {
    expect(cpuShareOf([4, 2], 4)).toBe(0.75);
    expect(cpuShareOf([4, undefined], 4)).toBe(1);
    expect(cpuShareOf([undefined, undefined], 4)).toBeUndefined();
  });

  it('takes the rate of the CPU counter, and nothing from a node that started anew', () => {
    expect(busyCores({ cpuSeconds: 10, atMs: 0 }, { cpuSeconds: 17.5, atMs: 5_000 })).toBe(1.5);
    expect(busyCores({ cpuSeconds: 10, atMs: 0 }, { cpuSeconds: 1, atMs: 5_000 })).toBeUndefined();
    expect(busyCores({ cpuSeconds: 10, atMs: 0 }, { cpuSeconds: 17, atMs: 120_000 })).toBeUndefined();
    expect(busyCores(undefined, { cpuSeconds: 17, atMs: 1 })).toBeUndefined();
  });
});
