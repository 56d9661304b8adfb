import { TokenSource } from 'livekit-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { type TestDatabase, createTestDatabase } from '../support/test-database.ts';
import { type LiveKitServer, getLiveKitServers, receiveWebhooks } from '../support/test-livekit.ts';
import { type TestProduct, startTestProduct } from '../support/test-product.ts';
import { realRegion } from '../support/test-regions.ts';
import { enter, enterOrThrow } from './session-client.ts';

const GERMANY = '194.25.0.60';
const UNITED_STATES = '128.8.10.90';

let database: TestDatabase;
let product: TestProduct;
let deaf: () => Promise<void>;
let eu: LiveKitServer;
let us: LiveKitServer;

beforeAll(async () => {
  database = await createTestDatabase();
  [eu, us] = getLiveKitServers();
  const port = await freePort();
  deaf = await receiveWebhooks(`http://127.0.0.1:${port}/webhooks/livekit`);
  product = await startTestProduct({
    port,
    databaseUrl: database.url,
    environment: { MERIDIAN_DEPARTURE_TIMEOUT: '2s' },
    regions: [realRegion('eu-fra', eu), realRegion('us-iad', us)],
  });
}, 60_000);

afterAll(async () => {
  await deaf();
  await product.stop();
  await database.drop();
});

async function participantsOf(room: string): Promise<number | undefined> {
  return (await product.api.call('GET', `/v1/rooms/${room}`)).body.live?.participants;
}

/** The events of a LiveKit room that our ledger has dealt with. */
async function handledOf(livekitRoom: string): Promise<string[]> {
  const rows = await database.query<{ type: string }>(
    "SELECT type FROM inbound_event WHERE body #>> '{room,name}' = $1 AND state = 'done' ORDER BY id",
    [livekitRoom],
  );
  return rows.map(({ type }) => type);
}

describe('a real client', () => {
  test.each([['eu-fra', GERMANY], ['us-iad', UNITED_STATES]] as const)(
    'S4-05 enters %s with the token and the server it was given, is seen by LiveKit and by us, and leaves a finished session',
    async (region, from) => {
      const { id } = await product.api.makeRoom();
      const { body } = await product.api.join(id, { displayName: 'Ada', identity: 'ada' }, { from });
      const server = region === 'eu-fra' ? eu : us;
      expect(body).toMatchObject({ region: { id: region }, serverUrl: server.url, identity: 'k:ada', session: { epoch: 1 } });
      const client = await enterOrThrow(body.serverUrl, body.participantToken);
      expect(client).toMatchObject({ room: `${id}.1`, identity: 'k:ada' });
      const people = await product.composition.regions.gatewayOf(region).listParticipants(`${id}.1`);
      expect(people).toMatchObject([{ identity: 'k:ada', name: 'Ada', attributes: { 'meridian.role': 'participant', 'meridian.room': id, 'meridian.region': region } }]);
      await eventually(async () => expect(await participantsOf(id)).toBe(1));
      const [grant] = await database.query<{ entered_at: Date | null }>('SELECT entered_at FROM join_grant WHERE session_id = $1', [body.session.id]);
      expect(grant?.entered_at).toBeInstanceOf(Date);

      await client.leave();
      await eventually(async () => expect((await product.api.call('GET', `/v1/sessions/${body.session.id}`)).body.closeReason).toBe('finished'), { timeoutMs: 10_000 });
      await eventually(async () => expect(await handledOf(`${id}.1`)).toEqual(['room_started', 'participant_joined', 'participant_left', 'room_finished']));
      const events = await database.query<{ type: string }>("SELECT type FROM event WHERE data->>'sessionId' = $1 ORDER BY n", [body.session.id]);
      expect(events.map(({ type }) => type)).toEqual(['session.opened', 'participant.joined', 'participant.left', 'session.closed']);
    },
  );

  test('B-06 cannot use the token of an old epoch once the meeting has ended, and brings no LiveKit room back', async () => {
    const { id } = await product.api.makeRoom();
    const old = (await product.api.join(id, {}, { from: GERMANY })).body;
    const inside = await enterOrThrow(old.serverUrl, old.participantToken);
    expect((await product.api.call('POST', `/v1/rooms/${id}/end`)).status).toBe(202);
    const gateway = product.composition.regions.gatewayOf('eu-fra');
    await eventually(async () => expect(await gateway.listRooms([`${id}.1`])).toEqual([]));
    await inside.leave();
    const turned = await enter(old.serverUrl, old.participantToken);
    expect(turned).toMatchObject({ refusal: expect.stringContaining('404') });
    expect(await gateway.listRooms([`${id}.1`])).toEqual([]);

    const next = (await product.api.join(id, {}, { from: GERMANY })).body;
    expect(next.session).toMatchObject({ epoch: 2 });
    const again = await enterOrThrow(next.serverUrl, next.participantToken);
    expect(again.room).toBe(`${id}.2`);
    expect(await enter(old.serverUrl, old.participantToken), 'also while the next epoch is live').toMatchObject({ refusal: expect.stringContaining('404') });
    await again.leave();
  });

  test('S4-05 cannot use a token of one region in another', async () => {
    const { id } = await product.api.makeRoom();
    const { body } = await product.api.join(id, {}, { from: GERMANY });
    expect(await enter(us.url, body.participantToken)).toMatchObject({ refusal: expect.stringContaining('401') });
    const other = (await product.api.join((await product.api.makeRoom()).id, {}, { from: UNITED_STATES })).body;
    expect(await enter(eu.url, other.participantToken)).toMatchObject({ refusal: expect.stringContaining('401') });
  });

  test('is told that the room is full by us, since LiveKit cannot say it; who is inside gets in again', async () => {
    const { id } = await product.api.makeRoom({ maxParticipants: 1 });
    const { body } = await product.api.join(id, { identity: 'ada' }, { from: GERMANY });
    const ada = await enterOrThrow(body.serverUrl, body.participantToken);
    const full = await product.api.join(id, { identity: 'bob' });
    expect([full.status, full.body.code]).toEqual([409, 'room.full']);
    const second = (await product.api.join(id, { identity: 'ada' })).body;
    const device = await enterOrThrow(second.serverUrl, second.participantToken);
    await device.leave();
    await ada.leave();
  });
});

describe('a stock LiveKit client\'s token source', () => {
  const source = (key: string) => TokenSource.endpoint(`${product.url}/v1/livekit/token`, { headers: { authorization: `Bearer ${key}` } });

  test('fetches a token from our endpoint unchanged, and its client enters with it', async () => {
    const { id, slug } = await product.api.makeRoom({ slug: 'stock-client' });
    const { serverUrl, participantToken } = await source(product.tenantKey).fetch({
      roomName: slug,
      participantIdentity: 'ada',
      participantName: 'Ada',
      participantMetadata: 'about me',
      participantAttributes: { team: 'blue' },
      agentName: 'helper',
    });
    const client = await enterOrThrow(serverUrl, participantToken);
    expect(client.room).toBe(`${id}.1`);
    const region = serverUrl === eu.url ? 'eu-fra' : 'us-iad';
    const [seen] = await product.composition.regions.gatewayOf(region).listParticipants(`${id}.1`);
    expect(seen).toMatchObject({ identity: 'k:ada', name: 'Ada', metadata: 'about me', attributes: { team: 'blue', 'meridian.room': id } });
    await client.leave();
  });

  test('gets a room made where it names none', async () => {
    const { serverUrl, participantToken } = await source(product.tenantKey).fetch({ participantName: 'Ada' });
    const client = await enterOrThrow(serverUrl, participantToken);
    expect(client.room).toMatch(/^room_.*\.1$/);
    await client.leave();
  });
});
