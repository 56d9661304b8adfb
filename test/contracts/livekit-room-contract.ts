import { expect, it, vi } from 'vitest';
import { type Subject, TIMES } from './livekit-target.ts';

export function describeRooms(use: () => Subject): void {
  it('creates a room once: the second call answers the same sid and ignores its options', async () => {
    const { gateway } = use();
    const first = await gateway.createRoom({ ...TIMES, name: 'once.1', maxParticipants: 7, metadata: 'one' });
    const second = await gateway.createRoom({ ...TIMES, name: 'once.1', maxParticipants: 3, metadata: 'two' });
    expect(second).toEqual(first);
    expect(first).toMatchObject({ name: 'once.1', maxParticipants: 7, metadata: 'one', participants: 0, ...TIMES });
    expect(first.sid).toMatch(/^RM_\w{12}$/);
    expect(Math.abs((first.createdAt?.getTime() ?? 0) - Date.now())).toBeLessThan(10_000);
  });

  it('lists the rooms asked for, and only those that exist', async () => {
    const { gateway } = use();
    await gateway.createRoom({ ...TIMES, name: 'listed.1' });
    const names = (await gateway.listRooms(['listed.1', 'never.1'])).map((room) => room.name);
    expect(names).toEqual(['listed.1']);
    expect(await gateway.listRooms(['never.1'])).toEqual([]);
    expect((await gateway.listRooms()).map((room) => room.name)).toContain('listed.1');
  });

  it('deletes a room once and says absent afterwards', async () => {
    const { gateway } = use();
    await gateway.createRoom({ ...TIMES, name: 'gone.1' });
    expect(await gateway.deleteRoom('gone.1')).toBe('deleted');
    expect(await gateway.deleteRoom('gone.1')).toBe('absent');
    expect(await gateway.listRooms(['gone.1'])).toEqual([]);
  });

  it('answers the liveness probe at once for a live room and after 3 s not for an absent one', async () => {
    const { gateway } = use();
    await gateway.createRoom({ ...TIMES, name: 'alive.1' });
    const started = performance.now();
    expect(await gateway.probeRoomNode('alive.1')).toBe('answers');
    const answered = performance.now();
    expect(answered - started).toBeLessThan(1_000);
    expect(await gateway.probeRoomNode('never.1')).toBe('silent');
    expect(performance.now() - answered).toBeGreaterThan(2_900);
  });

  it('ends a room that nobody joined after its empty time-out', async () => {
    const { gateway } = use();
    await gateway.createRoom({ emptyTimeoutSeconds: 1, departureTimeoutSeconds: 20, name: 'empty.1' });
    expect(await gateway.listRooms(['empty.1'])).toHaveLength(1);
    await vi.waitFor(async () => expect(await gateway.listRooms(['empty.1'])).toEqual([]), 5_000);
  });
}
