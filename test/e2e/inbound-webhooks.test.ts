import { Room } from '@livekit/rtc-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/kernel/secret.ts';
import type { StoredWebhook } from '../../src/platform/livekit/livekit-handler.ts';
import { createLivekitGateway, type LivekitGateway } from '../../src/platform/livekit/livekit-gateway.ts';
import { signAdminToken } from '../../src/platform/livekit/livekit-token.ts';
import type { WebhookKey } from '../../src/platform/livekit/livekit-webhook.ts';
import { startInboundApp, type InboundApp } from '../api/inbound/inbound-app.ts';
import { joinTokenFor, TIMES } from '../contracts/livekit-target.ts';
import { eventually } from '../support/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { startLiveKitPair, type LiveKitPair } from '../support/test-livekit.ts';

describe('webhooks of a real LiveKit server in the ledger', () => {
  const regions: Record<string, readonly WebhookKey[]> = {};
  const handled: StoredWebhook[] = [];
  const types = ['room_started', 'participant_joined', 'participant_left', 'room_finished'];
  let database: TestDatabase;
  let app: InboundApp;
  let livekit: LiveKitPair;
  let gateway: LivekitGateway;
  beforeAll(async () => {
    database = await createTestDatabase();
    const handler = { name: 'collect', events: types, handle: async (webhook: StoredWebhook) => void handled.push(webhook) };
    app = await startInboundApp({ databaseUrl: database.url, regions, handlers: [handler] });
    livekit = await startLiveKitPair({ regionId: 'lab', webhookUrl: `${app.url}/webhooks/livekit/lab` });
    gateway = createLivekitGateway({ apiUrl: livekit.apiUrl, signAdminToken: (grant) => signAdminToken(pair(), grant, Date.now()) });
    regions['lab'] = [{ ...pair(), use: 'sign' }];
  });
  afterAll(async () => {
    gateway?.close();
    await livekit?.kill();
    await livekit?.redis.kill();
    await app?.close();
    await database?.drop();
  });

  const pair = () => ({ key: livekit.keyId, secret: new Secret(livekit.secret) });
  const rows = (room: string) =>
    database.query<{ type: string; state: string; body: unknown }>(
      `SELECT type, state, body FROM inbound_event WHERE body #>> '{room,name}' = $1 ORDER BY id`,
      [room],
    );

  it('B-10 are stored without their secrets and handled, each once and in order', async () => {
    const created = await gateway.createRoom({ ...TIMES, name: 'told.1' });
    const client = new Room();
    await client.connect(livekit.url, joinTokenFor(pair(), 'told.1', 'g:ada'), { autoSubscribe: false, dynacast: false });
    await eventually(() => expect(handled.map(({ event }) => event.type)).toContain('participant_joined'));
    await client.disconnect();
    await eventually(() => expect(handled.map(({ event }) => event.type)).toContain('participant_left'));
    await gateway.deleteRoom('told.1');
    await eventually(() => expect(handled.map(({ event }) => event.type)).toEqual(types));
    await eventually(async () => expect((await rows('told.1')).map(({ type, state }) => [type, state])).toEqual(types.map((type) => [type, 'done'])));
    expect(JSON.stringify(await rows('told.1'))).not.toMatch(/turnPassword/i);
    for (const { event, region } of handled) expect([region, event.room]).toEqual(['lab', { sid: created.sid, name: 'told.1' }]);
    expect(handled[1]?.event.participant).toMatchObject({ identity: 'g:ada', kind: 'standard', attributes: { 'meridian.role': 'participant' } });
    expect(app.signs.length).toBeGreaterThanOrEqual(4);
  });

  it('B-10 come again when they could not be stored, and are then handled', async () => {
    // LiveKit takes every answer below 500 for delivered, so only a store that is away makes it come again.
    await database.query('ALTER TABLE inbound_event RENAME TO inbound_event_away');
    await gateway.createRoom({ ...TIMES, name: 'again.1' });
    await eventually(() => expect(app.logLines.join('')).toContain('inbound_event'));
    await database.query('ALTER TABLE inbound_event_away RENAME TO inbound_event');
    await eventually(async () => expect(await rows('again.1')).toMatchObject([{ type: 'room_started', state: 'done' }]), { timeoutMs: 15_000 });
  });
});
