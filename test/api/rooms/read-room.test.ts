import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeId } from '../../../src/kernel/ids.ts';
import { encodeCursor } from '../../../src/kernel/page.ts';
import { type RoomsApi, startRoomsApi } from './rooms-api.ts';

let api: RoomsApi;
let foreignKey: string;
beforeAll(async () => {
  api = await startRoomsApi();
  await api.database.query(`INSERT INTO tenant (id, name) VALUES ('other', 'Other')`);
  foreignKey = await api.makeKey('other');
});
afterAll(() => api.close());

test('a room is read by id and by slug, with its tag and its live session', async () => {
  const { body: made } = await api.call('POST', '/v1/rooms', { body: { slug: 'here' } });
  const startedAt = new Date('2026-11-21T04:00:00.000Z');
  api.live.set(made.id, { sessionId: 'ses_1', epoch: 3, region: 'eu-fra', startedAt, participants: 2 });
  const bySlug = await api.call('GET', '/v1/rooms/here');
  expect(bySlug.headers.get('etag')).toBe('"1"');
  expect(bySlug.body.live).toEqual({ sessionId: 'ses_1', epoch: 3, region: 'eu-fra', startedAt: startedAt.toISOString(), participants: 2 });
  expect((await api.call('GET', `/v1/rooms/${made.id}`)).text).toBe(bySlug.text);
});

test('absent, foreign, deleted and misspelt rooms answer alike, to the byte', async () => {
  const { body: made } = await api.call('POST', '/v1/rooms', { body: { slug: 'foreign' } });
  const { body: gone } = await api.call('POST', '/v1/rooms', { body: { slug: 'gone' } });
  await api.call('DELETE', '/v1/rooms/gone');
  const headers = { 'X-Request-Id': '0c6f9d8e-0000-4000-8000-000000000001' };
  const paths: readonly (readonly [string, string])[] = [
    ['foreign', foreignKey], [made.id, foreignKey], ['gone', api.tenantKey], [gone.id, api.tenantKey],
    [makeId('room'), api.tenantKey], ['never-was', api.tenantKey], ['No Such_Slug', api.tenantKey], ['room_', api.tenantKey], ['%F0%9F%98%80', api.tenantKey],
  ];
  for (const method of ['GET', 'PATCH', 'DELETE']) {
    const answers = await Promise.all(
      paths.map(([room, key]) => api.call(method, `/v1/rooms/${room}`, { key, headers, ...(method === 'PATCH' ? { body: {} } : {}) })),
    );
    for (const { status, text } of answers) {
      expect(status).toBe(404);
      expect(text).toBe(answers[0]?.text);
    }
  }
  expect((await api.call('GET', '/v1/rooms/foreign')).status).toBe(200);
});

test('a list holds the tenant\'s own rooms, newest first, page by page without gap or double', async () => {
  await api.database.query(`INSERT INTO tenant (id, name) VALUES ('pages', 'Pages')`);
  const key = await api.makeKey('pages');
  const made: string[] = [];
  for (let at = 0; at < 7; at += 1) made.unshift((await api.call('POST', '/v1/rooms', { key, body: { slug: `p${at}` } })).body.id);
  await api.call('DELETE', '/v1/rooms/p3', { key });
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await api.call('GET', `/v1/rooms?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`, { key });
    expect(page.status).toBe(200);
    seen.push(...page.body.items.map(({ id }: { id: string }) => id));
    // A room made meanwhile is newer than the cursor and moves nothing.
    await api.call('POST', '/v1/rooms', { key });
    cursor = page.body.nextCursor;
  } while (cursor !== null);
  expect(seen).toEqual(made.filter((_, at) => at !== 3));
});

test('a live session stands in the list too', async () => {
  await api.database.query(`INSERT INTO tenant (id, name) VALUES ('lively', 'Lively')`);
  const key = await api.makeKey('lively');
  const { body: made } = await api.call('POST', '/v1/rooms', { key });
  api.live.set(made.id, { sessionId: 'ses_2', epoch: 1, region: 'us-iad', startedAt: new Date(), participants: 0 });
  const { body } = await api.call('GET', '/v1/rooms', { key });
  expect(body.items[0].live).toMatchObject({ sessionId: 'ses_2' });
  expect(body.nextCursor).toBeNull();
});

describe('400', () => {
  test.each(['limit=0', 'limit=201', 'limit=x', 'cursor=nonsense', 'cursor=WzFd', 'page=2'])('%s', async (query) => {
    expect((await api.call('GET', `/v1/rooms?${query}`)).body.code).toBe('request.invalid');
  });

  test('a cursor of another list', async () => {
    const cursor = encodeCursor([makeId('session')]);
    expect((await api.call('GET', `/v1/rooms?cursor=${cursor}`)).body).toMatchObject({ code: 'request.invalid', errors: [{ path: 'cursor' }] });
  });
});
