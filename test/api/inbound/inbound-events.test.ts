import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredWebhook } from '../../../src/platform/livekit/livekit-handler.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { eventually } from '../../support/eventually.ts';
import { deliverAsLivekit, EU_SIGN, eventBody, genuine, REGIONS, US_SIGN } from './delivery.ts';
import { startInboundApp, type InboundApp } from './inbound-app.ts';

interface Listed {
  readonly items: readonly { readonly id: string; readonly eventId: string; readonly state: string; readonly type: string }[];
  readonly nextCursor: string | null;
}

describe('the inbound ledger for operators', () => {
  let database: TestDatabase;
  let app: InboundApp;
  const handled: StoredWebhook[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startInboundApp({
      databaseUrl: database.url,
      regions: REGIONS,
      handlers: [{ name: 'collect', events: ['room_started'], handle: async (webhook) => void handled.push(webhook) }],
    });
    for (const type of ['room_started', 'room_finished', 'room_started']) {
      await deliverAsLivekit(app.url, genuine(eventBody(type)));
    }
    await deliverAsLivekit(app.url, genuine(eventBody('room_started'), US_SIGN, 'us-iad'));
    await deliverAsLivekit(app.url, genuine(Buffer.from('no event'), EU_SIGN));
    await eventually(() => expect(handled).toHaveLength(3));
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  const call = (method: string, path: string, credential?: string): Promise<Response> =>
    fetch(`${app.url}${path}`, { method, headers: credential === undefined ? {} : { authorization: `Bearer ${credential}` } });
  const list = async (query: string): Promise<Listed> => {
    const response = await call('GET', `/v1/ops/inbound-events?${query}`, 'reader');
    expect(response.status).toBe(200);
    return (await response.json()) as Listed;
  };

  it('B-10 lists what was received, newest first, by region, type and state, page by page', async () => {
    await eventually(async () => expect((await list('state=pending')).items).toEqual([]));
    const all = await list('');
    expect(all.items.map(({ type }) => type)).toEqual(['unreadable', 'room_started', 'room_started', 'room_finished', 'room_started']);
    expect(all.items[1]).toEqual({
      id: expect.stringMatching(/^inb_/) as string,
      region: 'us-iad',
      eventId: expect.stringMatching(/^EV_/) as string,
      type: 'room_started',
      receivedAt: expect.stringMatching(/Z$/) as string,
      state: 'done',
      error: null,
    });
    expect((await list('region=eu-fra&type=room_started')).items).toHaveLength(2);
    expect((await list('state=unreadable')).items).toHaveLength(1);
    expect((await list('region=xx-none')).items).toEqual([]);
    const first = await list('limit=3');
    const rest = await list(`limit=3&cursor=${first.nextCursor}`);
    expect([...first.items, ...rest.items]).toEqual(all.items);
    expect(rest.nextCursor).toBeNull();
  });

  it('refuses a state that there is not and a cursor of another list', async () => {
    for (const query of ['state=lost', 'cursor=abc', 'limit=0', 'colour=red']) {
      const response = await call('GET', `/v1/ops/inbound-events?${query}`, 'reader');
      expect([query, response.status]).toEqual([query, 400]);
    }
  });

  it('B-10 hands a replayed event to its handlers again and writes who did it', async () => {
    const [event] = (await list('region=us-iad')).items;
    const response = await call('POST', `/v1/ops/inbound-events/${event?.id}/replay`, 'operator');
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ id: event?.id, state: 'pending', error: null });
    await eventually(() => expect(handled.filter(({ region }) => region === 'us-iad')).toHaveLength(2));
    const [first, second] = handled.filter(({ region }) => region === 'us-iad');
    expect(second).toEqual(first);
    const audit = await database.query('SELECT actor, action FROM audit_entry WHERE subject = $1', [event?.id]);
    expect(audit).toEqual([{ actor: 'key:operator', action: 'inbound-event.replay' }]);
  });

  it('leaves an unreadable delivery unreadable when it is replayed', async () => {
    const [event] = (await list('state=unreadable')).items;
    expect((await call('POST', `/v1/ops/inbound-events/${event?.id}/replay`, 'operator')).status).toBe(202);
    await eventually(async () => expect((await list('state=unreadable')).items).toHaveLength(1));
  });

  it('answers 404 for an event that there is not, 401 without and 403 with a lesser credential', async () => {
    const absent = await call('POST', '/v1/ops/inbound-events/inb_none/replay', 'operator');
    expect(absent.status).toBe(404);
    expect(await absent.json()).toMatchObject({ code: 'inbound-event.not-found' });
    expect((await call('GET', '/v1/ops/inbound-events')).status).toBe(401);
    expect((await call('GET', '/v1/ops/inbound-events', 'tenant')).status).toBe(403);
    expect((await call('POST', '/v1/ops/inbound-events/inb_none/replay', 'reader')).status).toBe(403);
  });
});
