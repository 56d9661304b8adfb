import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RegionsApi, documentOf, startRegionsApi } from './regions-api.ts';

let api: RegionsApi;
const storage = { bucket: 'meridian-eu', s3Region: 'eu-central-1', credentials: { accessKeyId: 'AK', secretAccessKey: 's3-secret' } };
beforeAll(async () => {
  api = await startRegionsApi();
  await api.call('PUT', '/v1/ops/regions/eu-fra', { body: documentOf('eu-fra', api.livekit['eu-fra'].apiUrl, { storage, capacity: { maxRooms: 5, nodeCores: 4 } }) });
});
afterAll(() => api.close());

const patch = (body: unknown, headers: Readonly<Record<string, string>> = {}) => api.call('PATCH', '/v1/ops/regions/eu-fra', { body, headers });

describe('PATCH /v1/ops/regions/{id}', () => {
  it('merges objects, replaces lists, clears by null, and leaves secrets alone', async () => {
    const answer = await patch({ name: 'Frankfurt', capacity: { maxRooms: 9, nodeCores: null }, tags: ['a'] });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ name: 'Frankfurt', capacity: { maxRooms: 9, nodeCores: null }, tags: ['a'], storage: { credentials: { accessKeyId: 'AK' } } });
    expect(api.regions.get('eu-fra', 'path').storage?.credentials?.secretAccessKey.reveal()).toBe('s3-secret');
  });

  it('takes no part of a read for a document: what a read adds is refused', async () => {
    expect((await patch({ health: { status: 'healthy' } })).status).toBe(400);
  });

  it('clears credentials, storage and recorders by null', async () => {
    expect((await patch({ storage: { credentials: null } })).body.storage).toMatchObject({ bucket: 'meridian-eu', credentials: null });
    expect((await patch({ storage: null })).body.storage).toBeNull();
  });

  it('412 region.revision-conflict for a stale If-Match, before the document is looked at', async () => {
    const answer = await patch({ latitude: 'nonsense' }, { 'If-Match': '"0"' });
    expect(answer.status).toBe(412);
    expect(answer.body.code).toBe('region.revision-conflict');
  });

  it('takes the tag of the newest revision, and answers with the next', async () => {
    const { headers } = await api.call('GET', '/v1/ops/regions/eu-fra');
    const tag = headers.get('etag') ?? '';
    const answer = await patch({ name: 'F' }, { 'If-Match': tag });
    expect(answer.status).toBe(200);
    expect(Number(answer.headers.get('etag')?.slice(1, -1))).toBe(Number(tag.slice(1, -1)) + 1);
  });

  it('400 names every wrong field of the merged document', async () => {
    const answer = await patch({ latitude: 91, capacity: { loadLimit: 2 } });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((each: { path: string }) => each.path)).toEqual(['latitude', 'capacity.loadLimit']);
    expect((await patch({ id: 'eu-ber' })).body.errors[0].path).toBe('id');
    expect((await patch([])).status).toBe(400);
  });

  it('404 region.unknown', async () => {
    const answer = await api.call('PATCH', '/v1/ops/regions/nowhere', { body: {} });
    expect([answer.status, answer.body.code]).toEqual([404, 'region.unknown']);
  });

  it('S4-05 a key that is added later signs from then on, the old one still verifies', async () => {
    const keys = [
      { id: 'two', key: 'APIeu2', secret: 'eu-second-0123456789abcdef0123456789', use: 'sign' },
      { id: 'k1', key: 'APIeufra', use: 'sign' },
    ];
    expect((await patch({ livekit: { keys } })).status).toBe(200);
    expect(api.regions.signingKeyOf('eu-fra').key).toBe('APIeu2');
    expect(api.regions.keysOf('eu-fra').map(({ key }) => key).sort()).toEqual(['APIeu2', 'APIeufra']);
  });
});
