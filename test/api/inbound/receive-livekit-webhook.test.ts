import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { deliver, deliverAsLivekit, digestOf, EU_SIGN, EU_VERIFY, eventBody, genuine, REGIONS, tokenFor } from './delivery.ts';
import { forgeDeliveries } from './forged-deliveries.ts';
import { startInboundApp, type InboundApp } from './inbound-app.ts';

describe('POST /webhooks/livekit/{region}', () => {
  let database: TestDatabase;
  let app: InboundApp;
  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startInboundApp({ databaseUrl: database.url, regions: REGIONS });
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  const count = async (): Promise<number> => {
    const [row] = await database.query<{ n: number }>('SELECT count(*)::int AS n FROM inbound_event');
    return row?.n ?? -1;
  };
  const stored = (eventId: string) =>
    database.query<{ region: string; type: string; state: string; body: unknown; fields: unknown }>(
      'SELECT region, type, state, body, fields FROM inbound_event WHERE event_id = $1',
      [eventId],
    );
  const idOf = (body: Buffer): string => (JSON.parse(body.toString()) as { id: string }).id;

  it('B-10 refuses every delivery of a corpus of more than 200 forged or damaged ones, none with a 5xx, and stores none', async () => {
    const forgeries = forgeDeliveries();
    expect(forgeries.length).toBeGreaterThan(200);
    const before = await count();
    const wrong: string[] = [];
    for (const forgery of forgeries) {
      const { status, text } = await deliver(app.url, forgery);
      if (status !== forgery.status) wrong.push(`${forgery.name}: ${status} instead of ${forgery.status}`);
      if (/eyJ/.test(text)) wrong.push(`${forgery.name}: repeats the token`);
    }
    expect(wrong).toEqual([]);
    expect(await count()).toBe(before);
    expect(app.logLines.join('')).not.toMatch(/eyJ/);
  });

  it('B-10 answers every forged delivery alike, whatever is wrong with it', async () => {
    const answers = new Set<string>();
    for (const forgery of forgeDeliveries().filter(({ status }) => status === 401)) {
      const { text } = await deliver(app.url, forgery);
      answers.add(text.replace(/urn:request:[\w-]+/, ''));
    }
    expect([...answers]).toHaveLength(1);
  });

  it('B-10 accepts every genuine delivery, by either live key, within a minute of clock difference, under any content type', async () => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const claims = [{}, { nbf: nowSeconds + 50 }, { exp: nowSeconds - 50 }, { nbf: undefined, iat: undefined }];
    const types = [['Content-Type', 'application/webhook+json'], ['Content-Type', 'text/plain; charset=nonsense'], []];
    for (const pair of [EU_SIGN, EU_VERIFY]) {
      for (const claim of claims) {
        for (const type of types) {
          const body = eventBody('room_started', { room: { sid: 'RM_x', name: 'zürich·東京 \u0000\ud800' } });
          const token = tokenFor(body, pair, { claims: claim });
          const answer = await deliverAsLivekit(app.url, { region: 'eu-fra', body, headers: ['Authorization', token, ...type] });
          expect(answer.status, answer.text).toBe(200);
          expect(await stored(idOf(body))).toMatchObject([{ region: 'eu-fra', type: 'room_started' }]);
        }
      }
    }
    expect(app.signs.every((region) => region === 'eu-fra')).toBe(true);
    expect(app.signs.length).toBeGreaterThanOrEqual(24);
  });

  it('B-10 stores a delivery before the 200, without its secrets and never its raw bytes', async () => {
    const body = eventBody('participant_joined', {
      participant: { sid: 'PA_1', identity: 'g:ada', joinedAtMs: '1795233951000', metadata: 'see wss://x/?access_token=eyJhbGciOiJIUzI1NiJ9.e30.c2ln' },
      egressInfo: { egressId: 'EG_1', file: { s3: { accessKey: 'AKIAsecret1', secret: 'secret-2', bucket: 'b' } } },
    });
    expect((await deliverAsLivekit(app.url, genuine(body))).status).toBe(200);
    const [row] = await stored(idOf(body));
    expect(row?.fields).toMatchObject({ type: 'participant_joined', participant: { identity: 'g:ada', kind: 'standard' } });
    expect(row?.body).toMatchObject({ room: { name: 'room_01.1' }, egressInfo: { file: { s3: { bucket: 'b' } } } });
    expect(JSON.stringify(row)).not.toMatch(/turn-secret-1|AKIAsecret1|secret-2|eyJ/);
  });

  it('B-10 answers a duplicate 200 and stores it once, also when copies come at the same time', async () => {
    const body = eventBody('room_finished');
    const answers = await Promise.all(Array.from({ length: 20 }, () => deliverAsLivekit(app.url, genuine(body))));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect((await deliverAsLivekit(app.url, genuine(body))).status).toBe(200);
    expect(await stored(idOf(body))).toHaveLength(1);
  });

  it('keeps one event id of two regions apart', async () => {
    const body = eventBody('room_finished');
    const [us] = REGIONS['us-iad'] ?? [];
    expect((await deliverAsLivekit(app.url, genuine(body))).status).toBe(200);
    const other = genuine(body, { key: us?.key ?? '', secret: us?.secret.reveal() ?? '' }, 'us-iad');
    expect((await deliverAsLivekit(app.url, other)).status).toBe(200);
    expect(await stored(idOf(body))).toHaveLength(2);
  });

  it('keeps a signed body that is no event as unreadable, once, and answers 200', async () => {
    const bodies = ['', 'not json', '[]', '7', '{"event":"room_started"}', '{"id":"EV_1","event":7}', '{"id":"EV_2","event":"x","room":7}'];
    const before = await count();
    for (const text of [...bodies, ...bodies]) {
      const body = Buffer.from(text);
      expect((await deliverAsLivekit(app.url, genuine(body))).status, text).toBe(200);
    }
    expect(await count()).toBe(before + bodies.length);
    const digest = digestOf(Buffer.from('not json'), 'hex');
    expect(await stored(`unreadable-${digest}`)).toMatchObject([{ state: 'unreadable', body: { bytes: 8 } }]);
  });

  it('stores a burst from many rooms in few statements, each delivery exactly once', async () => {
    const bodies = Array.from({ length: 400 }, () => eventBody('track_published'));
    const answers = await Promise.all(bodies.map((body) => deliverAsLivekit(app.url, genuine(body))));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const rows = await database.query<{ n: number }>('SELECT count(DISTINCT event_id)::int AS n FROM inbound_event WHERE event_id = ANY($1)', [
      bodies.map(idOf),
    ]);
    expect(rows[0]?.n).toBe(400);
    const batches = /meridian_inbound_commit_batch_size_count (\d+)/.exec(await app.metrics())?.[1];
    const deliveries = await count();
    expect(Number(batches)).toBeLessThan(deliveries);
  });

  it('counts what it refuses by reason and what it stores by region', async () => {
    const metrics = await app.metrics();
    expect(metrics).toMatch(/meridian_inbound_refusals_total\{region="eu-fra",reason="body-digest"\} [1-9]/);
    expect(metrics).toMatch(/meridian_inbound_deliveries_total\{region="eu-fra",result="stored"\} [1-9]/);
    expect(metrics).toMatch(/meridian_inbound_deliveries_total\{region="eu-fra",result="duplicate"\} [1-9]/);
    expect(metrics).not.toMatch(/xx-none|__proto__/);
  });
});
