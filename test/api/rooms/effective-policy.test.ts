import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RoomsApi, startRoomsApi } from './rooms-api.ts';

let api: RoomsApi;
beforeAll(async () => {
  api = await startRoomsApi();
});
afterAll(() => api.close());

test('every value of a room\'s body tells its source, and the tenant\'s locks are named', async () => {
  await api.database.query(`INSERT INTO tenant (id, name, policy) VALUES ('locked', 'Locked', $1)`, [
    { residency: { jurisdictions: ['EU'] }, access: 'trusted' },
  ]);
  const key = await api.makeKey('locked');
  await api.call('POST', '/v1/rooms', { key, body: { slug: 'explained', maxParticipants: 9, region: { mode: 'pinned', id: 'eu-fra' } } });
  const { status, body } = await api.call('GET', '/v1/rooms/explained/effective-policy', { key });
  expect(status).toBe(200);
  expect(body).toEqual({
    access: { value: 'trusted', source: 'tenant', lockedBy: null },
    region: { value: { mode: 'pinned', id: 'eu-fra', fallback: 'nearest', clientChoice: false }, source: 'room', lockedBy: 'tenant' },
    residency: { value: { jurisdictions: ['EU'] }, source: 'tenant', lockedBy: 'tenant' },
    maxParticipants: { value: 9, source: 'room', lockedBy: null },
    emptyTimeoutSeconds: { value: 300, source: 'deployment', lockedBy: null },
    permissions: { value: expect.objectContaining({ publish: true }), source: 'deployment', lockedBy: null },
    recording: { value: expect.objectContaining({ auto: false }), source: 'deployment', lockedBy: null },
    agents: { value: [], source: 'deployment', lockedBy: null },
    invitedCountries: { value: [], source: 'deployment', lockedBy: null },
    metadata: { value: null, source: 'deployment', lockedBy: null },
  });
});

test('a tenant without rules locks nothing', async () => {
  await api.call('POST', '/v1/rooms', { body: { slug: 'free' } });
  const { body } = await api.call('GET', '/v1/rooms/free/effective-policy');
  expect([body.region.lockedBy, body.residency.lockedBy, body.access.source]).toEqual([null, null, 'deployment']);
  expect((await api.call('GET', '/v1/rooms/absent/effective-policy')).body.code).toBe('room.not-found');
});
