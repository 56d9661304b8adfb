import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';
import { type TestProduct, startTestProduct } from '../../support/test-product.ts';
import { type SimulatedRegions, startSimulatedRegions } from '../../support/test-regions.ts';

const MASTER_KEY = randomBytes(32).toString('base64');
let database: TestDatabase;
let simulated: SimulatedRegions;
let product: TestProduct;

beforeAll(async () => {
  database = await createTestDatabase();
  const port = await freePort();
  simulated = await startSimulatedRegions(['eu-fra'], port);
  product = await startTestProduct({ databaseUrl: database.url, redisUrl: inject('redisUrl'), port, regions: simulated.regions, environment: { MERIDIAN_LOG_LEVEL: 'debug', MERIDIAN_MASTER_KEY: `k1:${MASTER_KEY}` } });
});
afterAll(async () => {
  await product.stop();
  await simulated.close();
  await database.drop();
});

describe('no secret leaves by the side', () => {
  it('not in a log line, a problem, any table of Postgres, a read of a region, or the metrics', async () => {
    const { api, opsKey, tenantKey } = product;
    const region = simulated.region('eu-fra');
    const answers: string[] = [];
    const call = async (...args: Parameters<typeof api.call>): Promise<Awaited<ReturnType<typeof api.call>>> => {
      const answer = await api.call(...args);
      answers.push(answer.text);
      return answer;
    };
    const made = await api.call('POST', '/v1/ops/api-keys', { key: opsKey, body: { tenantId: 'default', name: 'canary', scopes: ['joins:create'] } });
    const room = await api.makeRoom({ access: 'public' });
    const joined = await api.join(room.id, { displayName: 'Ada' }, { key: null });
    const tokens = [joined.body.participantToken, joined.body.rejoinToken];

    // Everything that fails with a secret in hand, and everything that reads what was made with one.
    await call('GET', '/v1/rooms', { key: `${made.body.secret}x` });
    await call('GET', `/v1/rooms?key=${made.body.secret}`);
    await call('POST', `/v1/rooms/${room.id}/join`, { key: made.body.secret, body: { rejoinToken: joined.body.rejoinToken } });
    await call('POST', `/v1/rooms/${room.id}/join`, { key: null, body: { displayName: 'Eve', rejoinToken: `${joined.body.rejoinToken}x` } });
    await call('POST', `/webhooks/livekit/eu-fra`, { key: null, headers: { authorization: joined.body.participantToken }, body: {} });
    await call('PUT', '/v1/ops/regions/eu-fra', { key: opsKey, body: { ...region.document, livekit: { ...(region.document['livekit'] as object), apiUrl: 'ftp://x' } } });
    await call('PATCH', '/v1/ops/regions/eu-fra', { key: opsKey, body: { livekit: { keys: [{ id: 'k1', key: region.key, secret: 'another-canary-secret-0123456789abcdef', use: 'sign' }] } } });
    for (const path of ['/v1/ops/regions', '/v1/ops/regions/eu-fra', '/v1/ops/regions/eu-fra/health', '/v1/ops/config/revisions', '/v1/ops/audit', '/v1/ops/api-keys', '/v1/ops/sessions', '/v1/ops/inbound-events', '/readyz', '/internal/instance-info']) {
      expect((await call('GET', path, { key: opsKey })).status, path).toBe(200);
    }
    await call('GET', `/v1/rooms/${room.id}/placement`);
    const tables = await database.query<{ table_name: string }>(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`);
    expect(tables.length).toBeGreaterThan(10);
    const stored = JSON.stringify(await Promise.all(tables.map(({ table_name }) => database.query(`SELECT * FROM ${table_name}`))));

    const places = { logs: product.logLines.join('\n'), answers: answers.join('\n'), stored, metrics: await product.platform.metrics.render() };
    const databasePassword = decodeURIComponent(new URL(database.url).password);
    const secrets = {
      operatorKey: opsKey, tenantKey, madeKey: made.body.secret, token: tokens[0], rejoinToken: tokens[1], regionSecret: region.secret,
      otherRegionSecret: 'another-canary-secret', masterKey: MASTER_KEY, ...(databasePassword === '' ? {} : { databasePassword }),
    };
    for (const [place, text] of Object.entries(places)) {
      expect(text.length, place).toBeGreaterThan(100);
      for (const [name, secret] of Object.entries(secrets)) {
        // The random part alone must not be there either: prefixes are public.
        const hidden = name.endsWith('Key') && secret.startsWith('mk_') ? secret.slice(-64) : secret;
        expect(hidden.length, name).toBeGreaterThan(8);
        expect(text.includes(hidden), `${name} in ${place}`).toBe(false);
      }
    }
  });
});

it('S0-14 every address that is handed out begins with the configured base, whatever Host and forwarding headers say', async () => {
  const headers = { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example', 'x-forwarded-proto': 'https' };
  const made = await product.api.call('POST', '/v1/rooms', { body: {}, headers });
  expect(made.headers.get('location')).toBe(`${product.url}/v1/rooms/${made.body.id}`);
  const absent = await product.api.call('GET', '/v1/rooms/none', { headers });
  expect(absent.body.type).toBe(`${product.url}/docs/errors/room.not-found`);
  const docs = await fetch(`${product.url}/docs`, { redirect: 'manual', headers });
  expect(docs.headers.get('location')).toBe(`${product.url}/docs/`);
});

it('S0-12 the instance is known by one name: in each log line, in what it leads, in /internal/instance-info', async () => {
  const { id } = product.platform.instance;
  expect((await product.api.call('GET', '/internal/instance-info', { key: product.opsKey })).body).toMatchObject({ id, pid: process.pid, version: expect.any(String), leads: expect.any(Array) });
  expect(product.logLines.every((line) => JSON.parse(line).instance === id)).toBe(true);
  const holders = await database.query<{ holder: string }>('SELECT DISTINCT holder FROM leader WHERE expires_at > now()');
  expect(holders).toEqual([{ holder: `${id}/${product.platform.instance.boot}` }]);
});
