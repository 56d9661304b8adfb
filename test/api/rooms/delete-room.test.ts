import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RoomsApi, startRoomsApi } from './rooms-api.ts';

let api: RoomsApi;
beforeAll(async () => {
  api = await startRoomsApi();
});
afterAll(() => api.close());

test('204: the room is gone, its slug is free, its live session is closed in the same transaction', async () => {
  const { body: made } = await api.call('POST', '/v1/rooms', { body: { slug: 'brief' } });
  const { status, text } = await api.call('DELETE', '/v1/rooms/brief');
  expect([status, text]).toEqual([204, '']);
  expect(api.closings).toEqual([`room-deleted ${made.id}`]);
  expect((await api.call('GET', `/v1/rooms/${made.id}`)).body.code).toBe('room.not-found');
  expect((await api.call('DELETE', '/v1/rooms/brief')).status).toBe(404);
  const again = await api.call('POST', '/v1/rooms', { body: { slug: 'brief' } });
  expect(again.status).toBe(201);
  expect(again.body.id).not.toBe(made.id);
  const events = await api.database.query('SELECT type, data FROM event WHERE subject_id = $1 ORDER BY n', [made.id]);
  expect(events.at(-1)).toEqual({ type: 'room.deleted', data: { roomId: made.id, slug: 'brief', revision: 2 } });
  const audit = await api.database.query(`SELECT before, after FROM audit_entry WHERE subject = $1 AND action = 'room.delete'`, [made.id]);
  expect(audit).toEqual([{ before: { slug: 'brief' }, after: null }]);
});

test('of two who delete at once, one does', async () => {
  await api.call('POST', '/v1/rooms', { body: { slug: 'twice' } });
  const answers = await Promise.all([api.call('DELETE', '/v1/rooms/twice'), api.call('DELETE', '/v1/rooms/twice')]);
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 404]);
});
