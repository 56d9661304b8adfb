import { expect, it, vi } from 'vitest';
import { joinTokenFor, signingKeyOf, type Subject, TIMES } from './livekit-target.ts';

export function describeLostState(use: () => Subject): void {
  it('keeps a crashed room on its lists as a ghost, which CreateRoom and DeleteRoom together remove', async () => {
    const { gateway, target } = use();
    const before = await gateway.createRoom({ ...TIMES, name: 'ghost.1' });
    await target.crash();
    expect(await gateway.listRooms(['ghost.1'])).toMatchObject([{ sid: before.sid }]);
    expect(await gateway.probeRoomNode('ghost.1')).toBe('silent');
    await expect(gateway.deleteRoom('ghost.1')).rejects.toMatchObject({ kind: 'trouble', status: 503 });
    const revived = await vi.waitFor(() => gateway.createRoom({ ...TIMES, name: 'ghost.1' }), {
      timeout: 15_000,
      interval: 500,
    });
    expect(revived.sid).toBe(before.sid);
    expect(await gateway.probeRoomNode('ghost.1')).toBe('answers');
    expect(await gateway.deleteRoom('ghost.1')).toBe('deleted');
    expect(await gateway.listRooms(['ghost.1'])).toEqual([]);
    expect(await gateway.probeRoomNode('ghost.1')).toBe('silent');
  }, 60_000);

  it('hides a living room when its Redis came back empty: unlisted, undeletable, answering', async () => {
    const { gateway, target } = use();
    const key = signingKeyOf(target);
    await gateway.createRoom({ ...TIMES, name: 'hidden.1' });
    await target.emptyRedis();
    expect(await gateway.listRooms(['hidden.1'])).toEqual([]);
    expect(await gateway.deleteRoom('hidden.1')).toBe('absent');
    expect(await gateway.probeRoomNode('hidden.1')).toBe('answers');
    await expect(target.enter(joinTokenFor(key, 'hidden.1', 'g:late'))).rejects.toThrow();
    await expect(gateway.createRoom({ ...TIMES, name: 'fresh.1' })).rejects.toMatchObject({
      kind: 'trouble',
      status: 500,
      code: 'unknown',
    });
    await vi.waitFor(() => gateway.createRoom({ ...TIMES, name: 'fresh.1' }), { timeout: 15_000, interval: 250 });
  }, 30_000);
}
