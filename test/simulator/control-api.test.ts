import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signJoinToken } from '../../src/platform/livekit/livekit-token.ts';
import { parseSimulatorConfig } from '../../src/simulator/simulator-config.ts';
import { runSimulator } from '../../src/simulator/simulator.ts';
import { eventually } from '../support/eventually.ts';
import { joinTokenFor } from '../contracts/livekit-target.ts';
import { KEY, startTestRegion, TIMES, type TestRegion } from './simulated-region.ts';

describe('the simulator\'s control API', () => {
  let region: TestRegion;
  beforeEach(async () => {
    region = await startTestRegion({ deadNodeMs: 50, nodeTimeoutMs: 20 });
  });
  afterEach(() => region.close());

  const create = (name: string, more: object = {}) => region.gateway.createRoom({ ...TIMES, name, ...more });
  const join = (room: string, identity: string) => region.control('POST', 'participants', { token: joinTokenFor(KEY, room, identity) });
  const told = (): string[] => region.webhooks.received.map(({ json }) => json.event);

  it('lets a token in as LiveKit would, and says why it does not', async () => {
    await create('a.1', { maxParticipants: 1 });
    expect((await join('a.1', 'g:ada')).json).toMatchObject({ identity: 'g:ada', room: 'a.1' });
    expect(await join('a.1', 'g:bob')).toMatchObject({ status: 500, text: 'connection closed by media' });
    expect(await join('a.2', 'g:bob')).toMatchObject({ status: 404, text: 'requested room does not exist' });
    expect(await region.control('POST', 'participants', { token: 'x.y.z' })).toMatchObject({ status: 401 });
    expect(await region.control('POST', 'participants', {})).toMatchObject({ status: 400 });
  });

  it('counts neither agents nor recorders as people', async () => {
    await create('a.1', { departureTimeoutSeconds: 1 });
    const agent = signJoinToken(KEY, {
      identity: 'a:helper',
      name: '',
      metadata: '',
      attributes: {},
      kind: 'agent',
      grant: { room: 'a.1', canPublish: true, canSubscribe: true, canPublishData: true, canPublishSources: [], canUpdateOwnMetadata: true, hidden: true },
      ttlSeconds: 60,
      nowMs: Date.now(),
    });
    await region.control('POST', 'participants', { token: agent });
    expect(await region.gateway.listParticipants('a.1')).toMatchObject([{ identity: 'a:helper', kind: 'agent', permission: { agent: true, hidden: true } }]);
    expect(await region.gateway.listRooms(['a.1'])).toMatchObject([{ participants: 0 }]);
    await join('a.1', 'g:ada');
    expect(await region.gateway.listRooms(['a.1'])).toMatchObject([{ participants: 1 }]);
    await region.control('DELETE', 'rooms/a.1/participants/g:ada');
    await eventually(() => expect(told()).toContain('room_finished'));
    expect(told().filter((type) => type === 'participant_left')).toHaveLength(2);
  });

  it('publishes and mutes tracks', async () => {
    await create('a.1');
    await join('a.1', 'g:ada');
    const { sid } = (await region.control('POST', 'rooms/a.1/participants/g:ada/tracks', { source: 'CAMERA' })).json as { sid: string };
    expect(await region.gateway.mutePublishedTrack('a.1', { identity: 'g:ada', trackSid: sid, muted: true })).toBe('done');
    expect(await region.gateway.listParticipants('a.1')).toMatchObject([{ tracks: [{ sid, source: 'camera', muted: true }] }]);
    await eventually(() => expect(told()).toContain('track_published'));
    expect((await region.control('POST', 'rooms/a.1/participants/g:no/tracks', {})).status).toBe(404);
  });

  it('drops, doubles and delays webhooks, by type, and logs the truth of each', async () => {
    await region.control('PUT', 'webhooks', { drop: 1, types: ['room_started'] });
    await create('dropped.1');
    await region.control('PUT', 'webhooks', { duplicates: 2 });
    await create('doubled.1');
    await eventually(() => expect(told()).toEqual(['room_started', 'room_started', 'room_started']));
    expect(new Set(region.webhooks.received.map(({ json }) => json.id)).size).toBe(1);
    await region.control('PUT', 'webhooks', { delayMs: 300, types: ['participant_joined'] });
    await join('doubled.1', 'g:ada');
    await region.control('DELETE', 'rooms/doubled.1/participants/g:ada');
    await eventually(() => expect(told().slice(3)).toEqual(['participant_left', 'participant_joined']));
    expect(await region.truth('webhook.dropped')).toMatchObject([{ event: 'room_started', reason: 'fault' }]);
  });

  it('forgets queued webhooks and people in a crash, and shows ghosts afterwards or an empty region', async () => {
    region.webhooks.answer = () => 500;
    await create('a.1');
    await join('a.1', 'g:ada');
    await eventually(() => expect(told()).toEqual(['room_started']));
    await region.control('POST', 'kill');
    region.webhooks.answer = () => 200;
    await region.control('POST', 'restart', { keepState: true });
    expect(await region.gateway.listParticipants('a.1')).toMatchObject([{ identity: 'g:ada', state: 'active' }]);
    expect((await region.control('GET', 'rooms')).json).toEqual({ items: [] });
    expect(await region.gateway.probeRoomNode('a.1')).toBe('silent');
    expect(told()).toEqual(['room_started']);
    await region.control('POST', 'restart', { keepState: false });
    expect(await region.gateway.listRooms()).toEqual([]);
    expect((await region.truth('participant.dropped')).map(({ identity }) => identity)).toEqual(['g:ada']);
  });

  it('loses one node and keeps the rooms of the others', async () => {
    await create('lost.1');
    await create('kept.1');
    await region.control('POST', 'rooms/lost.1/lose-node');
    expect(await region.gateway.probeRoomNode('lost.1')).toBe('silent');
    expect(await region.gateway.probeRoomNode('kept.1')).toBe('answers');
    expect((await region.gateway.listRooms()).map(({ name }) => name)).toEqual(['lost.1', 'kept.1']);
  });

  it('brings a ghost back under its old sid for whoever enters it', async () => {
    const { sid } = await create('a.1');
    await region.control('POST', 'rooms/a.1/lose-node');
    expect((await join('a.1', 'g:ada')).json).toMatchObject({ roomSid: sid });
    await eventually(() => expect(told()).toEqual(['room_started', 'room_started', 'participant_joined']));
    expect(new Set(region.webhooks.received.map(({ json }) => json.id)).size).toBe(3);
  });

  it('drains: no new rooms, the old ones go on, and it ends with the last person', async () => {
    await create('a.1');
    await join('a.1', 'g:ada');
    await region.control('POST', 'drain');
    await expect(create('b.1')).rejects.toMatchObject({ status: 500, code: 'unknown' });
    expect((await join('a.1', 'g:bob')).status).toBe(200);
    for (const identity of ['g:ada', 'g:bob']) await region.control('DELETE', `rooms/a.1/participants/${identity}`);
    await eventually(() => expect(told()).toContain('room_finished'));
    await expect(region.gateway.listRooms()).rejects.toMatchObject({ kind: 'trouble' });
  });

  it('lags behind with the count of participants when it is told to', async () => {
    const lagging = await startTestRegion({ participantCountLagMs: 200 });
    await lagging.gateway.createRoom({ ...TIMES, name: 'a.1' });
    await lagging.control('POST', 'participants', { token: joinTokenFor(KEY, 'a.1', 'g:ada') });
    expect(await lagging.gateway.listRooms()).toMatchObject([{ participants: 0 }]);
    expect(await lagging.gateway.listParticipants('a.1')).toHaveLength(1);
    await eventually(async () => expect(await lagging.gateway.listRooms()).toMatchObject([{ participants: 1 }]));
    await lagging.close();
  });

  it('logs what happened in order, from any place on', async () => {
    await create('a.1');
    await region.gateway.deleteRoom('a.1');
    const all = await region.truth();
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
    expect(all.map(({ type }) => type)).toEqual(expect.arrayContaining(['room.created', 'room.finished', 'call', 'webhook.queued']));
    const { items } = (await region.control('GET', `log?after=${all.length - 1}`)).json as { items: { seq: number }[] };
    expect(items[0]?.seq).toBe(all.length);
  });

  it('answers 404 for what it does not know and 400 for a body it cannot read', async () => {
    expect((await region.control('POST', 'nothing')).status).toBe(404);
    expect((await region.control('PUT', 'fault', { mode: 'sulk' })).status).toBe(400);
    expect((await region.control('DELETE', 'rooms/no.1/participants/g:no')).status).toBe(404);
  });
});

describe('the simulator', () => {
  const input = (id: string) => ({ id, port: 0, keys: { k: 'secret' }, webhookUrl: 'http://127.0.0.1:9/', webhookKey: 'k' });

  it('says in one line where its regions listen', async () => {
    const lines: string[] = [];
    const simulator = await runSimulator({ regions: [input('eu'), input('us')] }, { writeLine: (line) => void lines.push(line) });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({ ready: true, regions: simulator.regions });
    expect(simulator.regions.map(({ id }) => id)).toEqual(['eu', 'us']);
    for (const { url } of simulator.regions) expect(await (await fetch(url)).text()).toBe('OK');
    await simulator.close();
  });

  it('makes the same ids from the same seed', async () => {
    const sids = [];
    for (const seed of ['one', 'one', 'two']) {
      const seeded = await startTestRegion({ seed });
      sids.push((await seeded.gateway.createRoom({ ...TIMES, name: 'a.1' })).sid);
      await seeded.close();
    }
    expect(sids[0]).toBe(sids[1]);
    expect(sids[0]).not.toBe(sids[2]);
  });

  it('refuses a configuration that cannot work, and leaves nothing listening when a port is taken', async () => {
    expect(() => parseSimulatorConfig({ regions: [{ ...input('eu'), webhookKey: 'other' }] })).toThrow('webhookKey');
    expect(() => parseSimulatorConfig({ regions: [input('eu'), input('eu')] })).toThrow('one id');
    expect(() => parseSimulatorConfig({ regions: [] })).toThrow();
    expect(() => parseSimulatorConfig({ regions: [{ ...input('eu'), colour: 'red' }] })).toThrow();
    const simulator = await runSimulator({ regions: [input('eu')] });
    const port = Number(new URL(simulator.regions[0]?.url ?? '').port);
    await expect(runSimulator({ regions: [input('us'), { ...input('eu'), port }] })).rejects.toThrow('EADDRINUSE');
    await simulator.close();
  });
});
