import { expect, it, vi } from 'vitest';
import { joinTokenFor, signingKeyOf, type Subject, TIMES } from './livekit-target.ts';

export function describePeople(use: () => Subject): void {
  it('lists nobody for an unknown room, and answers absent for people who are not inside', async () => {
    const { gateway } = use();
    expect(await gateway.listParticipants('never.1')).toEqual([]);
    expect(await gateway.removeParticipant('never.1', 'g:nobody')).toBe('absent');
    expect(await gateway.updateParticipant('never.1', { identity: 'g:nobody', name: 'x' })).toBeUndefined();
  });

  it('shows who is inside, changes them, mutes one way and removes them', async () => {
    const { gateway, target } = use();
    await gateway.createRoom({ ...TIMES, name: 'people.1' });
    const ada = await target.enter(joinTokenFor(signingKeyOf(target), 'people.1', 'g:ada'));
    const [inside] = await gateway.listParticipants('people.1');
    expect(inside).toMatchObject({
      identity: 'g:ada',
      name: 'Ada',
      kind: 'standard',
      state: 'active',
      attributes: { 'meridian.role': 'participant' },
      permission: { canPublish: true, canSubscribe: true, canPublishData: true, canUpdateMetadata: false },
    });
    expect(inside?.sid).toMatch(/^PA_\w{12}$/);
    expect(Math.abs((inside?.joinedAt?.getTime() ?? 0) - Date.now())).toBeLessThan(10_000);

    const permission = { ...inside?.permission, canPublish: false } as NonNullable<typeof inside>['permission'];
    const changed = await gateway.updateParticipant('people.1', { identity: 'g:ada', permission });
    expect(changed?.permission).toMatchObject({ canPublish: false, canSubscribe: true });

    const unmute = { identity: 'g:ada', trackSid: 'TR_none', muted: false };
    await expect(gateway.mutePublishedTrack('people.1', unmute)).rejects.toMatchObject({
      kind: 'definite',
      status: 412,
      code: 'failed_precondition',
    });
    expect(await gateway.removeParticipant('people.1', 'g:ada')).toBe('removed');
    await vi.waitFor(async () => expect(await gateway.listParticipants('people.1')).toEqual([]), 5_000);
    await ada.leave();
  });

  it('throws the older connection of an identity out when it comes again', async () => {
    const { gateway, target } = use();
    await gateway.createRoom({ ...TIMES, name: 'twice.1' });
    const token = joinTokenFor(signingKeyOf(target), 'twice.1', 'g:bob');
    const first = await target.enter(token);
    const [before] = await gateway.listParticipants('twice.1');
    const second = await target.enter(token);
    await vi.waitFor(async () => {
      const inside = await gateway.listParticipants('twice.1');
      expect(inside).toHaveLength(1);
      expect(inside[0]?.sid).not.toBe(before?.sid);
    }, 5_000);
    await Promise.all([first.leave(), second.leave()]);
  });

  it('lets nobody into a full room, without saying so', async () => {
    const { gateway, target } = use();
    const key = signingKeyOf(target);
    await gateway.createRoom({ ...TIMES, name: 'full.1', maxParticipants: 1 });
    const one = await target.enter(joinTokenFor(key, 'full.1', 'g:one'));
    await expect(target.enter(joinTokenFor(key, 'full.1', 'g:two'))).rejects.toThrow();
    expect(await gateway.listParticipants('full.1')).toHaveLength(1);
    await one.leave();
  });

  it('ends a room after the departure time-out, and an old token does not bring it back', async () => {
    const { gateway, target } = use();
    await gateway.createRoom({ emptyTimeoutSeconds: 60, departureTimeoutSeconds: 1, name: 'left.1' });
    const token = joinTokenFor(signingKeyOf(target), 'left.1', 'g:eve');
    const eve = await target.enter(token);
    await eve.leave();
    await vi.waitFor(async () => expect(await gateway.listRooms(['left.1'])).toEqual([]), 10_000);
    await expect(target.enter(token)).rejects.toThrow();
    expect(await gateway.listRooms(['left.1'])).toEqual([]);
  }, 20_000);
}
