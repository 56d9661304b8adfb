import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';
import { putRegion } from '../../support/test-product.ts';
import { type SimulatedRegions, startSimulatedRegions } from '../../support/test-regions.ts';
import { type ProductProcess, makeKeys, spawnProduct } from './product-process.ts';

let database: TestDatabase;
let simulated: SimulatedRegions;
let keys: { opsKey: string; tenantKey: string };
let processes: { first: ProductProcess; second: ProductProcess; worker: ProductProcess };

beforeAll(async () => {
  database = await createTestDatabase();
  simulated = await startSimulatedRegions(['eu-fra'], await freePort());
  const begin = (role: string, name: string): Promise<ProductProcess> =>
    spawnProduct({ databaseUrl: database.url, redisUrl: inject('redisUrl'), environment: { MERIDIAN_ROLE: role, MERIDIAN_INSTANCE_ID: name } });
  const [first, second, worker] = await Promise.all([begin('api', 'joins'), begin('api', 'streams'), begin('worker', 'background')]);
  processes = { first, second, worker };
  await Promise.all(Object.values(processes).map((each) => each.untilReady()));
  keys = await makeKeys(database.url, () => first.api);
  await putRegion(first.api, keys.opsKey, simulated.region('eu-fra'));
}, 60_000);
afterAll(async () => {
  await Promise.all(Object.values(processes).map((each) => each.kill()));
  await simulated.close();
  await database.drop();
});

const info = async ({ api }: ProductProcess): Promise<{ id: string; pid: number; leads: string[] }> => (await api.call('GET', '/internal/instance-info', { key: keys.opsKey })).body;

describe('S2-14 one program in three roles', () => {
  it('a worker serves its health and who it is, and nothing of the product', async () => {
    const { api } = processes.worker;
    expect((await api.call('GET', '/healthz', { key: null })).status).toBe(200);
    expect((await api.call('GET', '/readyz', { key: null })).body).toMatchObject({ status: 'ready' });
    expect(await info(processes.worker)).toMatchObject({ id: 'background', pid: processes.worker.child.pid });
    for (const path of ['/v1/regions', '/v1/rooms', '/openapi.json', '/docs', '/healthz/regions/eu-fra']) {
      expect((await api.call('GET', path, { key: keys.tenantKey })).status, path).toBe(404);
    }
  });

  it('the background work of regions is led by the worker, and by no API process', async () => {
    await eventually(async () => expect((await info(processes.worker)).leads).toEqual(expect.arrayContaining(['session-reconciler:eu-fra', 'session-cleanup:eu-fra'])), { timeoutMs: 15_000 });
    for (const api of [processes.first, processes.second]) {
      expect((await info(api)).leads.filter((task) => task.startsWith('session-'))).toEqual([]);
    }
  });

  it('no task is led twice', async () => {
    const leads = (await Promise.all(Object.values(processes).map(info))).flatMap((each) => each.leads);
    expect(leads.length).toBeGreaterThan(0);
    expect(new Set(leads).size).toBe(leads.length);
  });

  it('S0-02 what one API process made another goes on with, also when the first is gone without a word', async () => {
    const { first, second } = processes;
    const body = { slug: 'split', access: 'public' };
    const room = await first.api.call('POST', '/v1/rooms', { key: keys.tenantKey, body });
    const guest = await first.api.join('split', { displayName: 'Ada' }, { key: null });
    expect([room.status, guest.status]).toEqual([201, 200]);
    const beside = await second.api.join('split', { displayName: 'Grace' }, { key: null });
    expect(beside.body).toMatchObject({ session: guest.body.session, serverUrl: guest.body.serverUrl });

    await first.kill();
    // Signing keys, the live session, the guest's identity: all of it is found in Postgres or in the token itself.
    const again = await second.api.join('split', { displayName: 'Ada', rejoinToken: guest.body.rejoinToken }, { key: null });
    expect(again.body).toMatchObject({ identity: guest.body.identity, session: guest.body.session });
    const byKey = await second.api.join('split', { identity: 'robot' }, { key: keys.tenantKey });
    expect(byKey.body).toMatchObject({ status: 'admitted', session: guest.body.session });
    const claims = (token: string): { iss: string; video: { room: string } } => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims(again.body.participantToken)).toMatchObject({ iss: simulated.region('eu-fra').key, video: { room: `${room.body.id}.1` } });
  });
});
