import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RoomsApi, startRoomsApi } from './rooms-api.ts';

let api: RoomsApi;
beforeAll(async () => {
  api = await startRoomsApi();
});
afterAll(() => api.close());

describe('200', () => {
  test('objects merge, lists replace, null clears to the default', async () => {
    const content = { slug: 'merged', name: 'First', maxParticipants: 5, permissions: { publish: false, data: false }, metadata: { a: 1, b: { c: 2, d: 3 } }, invitedCountries: ['DE', 'FR'] };
    await api.call('POST', '/v1/rooms', { body: content });
    const patch = { permissions: { publish: true }, invitedCountries: ['JP'], metadata: { a: null, b: { c: 4 } }, maxParticipants: null, name: null };
    const { status, headers, body } = await api.call('PATCH', '/v1/rooms/merged', { body: patch });
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"2"');
    expect(body).toMatchObject({
      revision: 2,
      name: 'merged',
      maxParticipants: null,
      permissions: { publish: true, data: false },
      invitedCountries: ['JP'],
    });
    expect(body.metadata).toEqual({ b: { c: 4, d: 3 } });
    expect((await api.call('GET', '/v1/rooms/merged')).body).toEqual(body);
  });

  test('a patch that changes nothing makes no revision and no event', async () => {
    const { body: made } = await api.call('POST', '/v1/rooms', { body: { slug: 'still', permissions: { data: false, publish: true }, access: 'public' } });
    for (const patch of [{}, { slug: 'still' }, { access: 'public' }, { permissions: { publish: true } }, { residency: null }]) {
      expect((await api.call('PATCH', '/v1/rooms/still', { body: patch })).body.revision).toBe(1);
    }
    const events = await api.database.query('SELECT type FROM event WHERE subject_id = $1', [made.id]);
    expect(events).toEqual([{ type: 'room.created' }]);
  });

  test('a slug moves and its old name is free; cleared, a new one is made', async () => {
    const { body: made } = await api.call('POST', '/v1/rooms', { body: { slug: 'old-name' } });
    await api.call('PATCH', `/v1/rooms/${made.id}`, { body: { slug: 'new-name' } });
    expect((await api.call('GET', '/v1/rooms/old-name')).status).toBe(404);
    expect((await api.call('GET', '/v1/rooms/new-name')).body).toMatchObject({ id: made.id, name: 'new-name' });
    const { body } = await api.call('PATCH', `/v1/rooms/${made.id}`, { body: { slug: null } });
    expect(body.slug).toMatch(/^[a-z]{6}-[a-z]{6}-[a-z]{6}$/);
  });

  test('going back to auto lets go of the pin', async () => {
    await api.call('POST', '/v1/rooms', { body: { slug: 'unpinned', region: { mode: 'pinned', id: 'us-iad', fallback: 'strict' } } });
    const { body } = await api.call('PATCH', '/v1/rooms/unpinned', { body: { region: { mode: 'auto' } } });
    expect(body.region).toEqual({ mode: 'auto', fallback: 'strict', clientChoice: false });
  });

  test('S4-10 after a change of residency the live session is held against it, after another change it is not', async () => {
    const { body: made } = await api.call('POST', '/v1/rooms', { body: { slug: 'confined' } });
    await api.call('PATCH', '/v1/rooms/confined', { body: { name: 'Another' } });
    expect(api.closings.filter((line) => line.includes(made.id))).toEqual([]);
    await api.call('PATCH', '/v1/rooms/confined', { body: { residency: { jurisdictions: ['EU'] } } });
    expect(api.closings).toContain(`outside ${made.id} {"jurisdictions":["EU"]}`);
  });

  test('an audit row tells before and after, and each revision is one event', async () => {
    const { body: made } = await api.call('POST', '/v1/rooms', { body: { slug: 'audited', access: 'public' } });
    await api.call('PATCH', '/v1/rooms/audited', { body: { access: 'trusted' } });
    const [row] = await api.database.query(`SELECT before, after, request_id FROM audit_entry WHERE subject = $1 AND action = 'room.update'`, [made.id]);
    expect(row).toMatchObject({ before: { slug: 'audited', access: 'public' }, after: { slug: 'audited', access: 'trusted' } });
    expect(row?.['request_id']).not.toBeNull();
    const events = await api.database.query('SELECT type, data FROM event WHERE subject_id = $1 ORDER BY n', [made.id]);
    expect(events).toEqual([
      { type: 'room.created', data: { roomId: made.id, slug: 'audited', revision: 1 } },
      { type: 'room.updated', data: { roomId: made.id, slug: 'audited', revision: 2 } },
    ]);
  });
});

describe('412', () => {
  test('a stale If-Match changes nothing; the current one, a list with it and * do', async () => {
    await api.call('POST', '/v1/rooms', { body: { slug: 'guarded' } });
    const patch = (ifMatch: string, name: string) => api.call('PATCH', '/v1/rooms/guarded', { body: { name }, headers: { 'If-Match': ifMatch } });
    expect((await patch('"1"', 'one')).status).toBe(200);
    for (const stale of ['"1"', 'W/"2"', '"two"', '"1", "3"']) {
      const answer = await patch(stale, 'lost');
      expect(answer.status).toBe(412);
      expect(answer.body.code).toBe('room.revision-conflict');
    }
    expect((await patch('"7", "2"', 'two')).body).toMatchObject({ name: 'two', revision: 3 });
    expect((await patch('*', 'three')).body).toMatchObject({ name: 'three', revision: 4 });
  });

  test('of callers who all have seen one revision exactly one wins', async () => {
    await api.call('POST', '/v1/rooms', { body: { slug: 'raced' } });
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, at) => api.call('PATCH', '/v1/rooms/raced', { body: { name: `n${at}` }, headers: { 'If-Match': '"1"' } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
  });
});

describe('400', () => {
  test.each(['1', '"1', 'W/1', '"1" "2"', ''])('an If-Match that is no list of tags: %s', async (ifMatch) => {
    await api.call('POST', '/v1/rooms', { body: { slug: 'garbled' } });
    const answer = await api.call('PATCH', '/v1/rooms/garbled', { body: {}, headers: { 'If-Match': ifMatch } });
    expect([ifMatch, answer.status]).toEqual([ifMatch, 400]);
  });

  const wrong: readonly (readonly [unknown, string])[] = [
    [{ region: { mode: 'pinned' } }, 'region.id'],
    [{ region: { mode: 'auto', id: 'eu-fra' } }, 'region.id'],
    [{ metadata: { more: 'x'.repeat(9_000) } }, 'metadata'],
    [{ agents: [{ name: null }] }, 'agents.0.name'],
    [{ id: 'room_x' }, 'id'],
    [[], 'body'],
    ['text', 'body'],
  ];
  test.each(wrong)('what does not hold together with the rest: %j', async (patch, path) => {
    await api.call('POST', '/v1/rooms', { body: { slug: 'whole', metadata: { some: 'x'.repeat(9_000) } } });
    const answer = await api.call('PATCH', '/v1/rooms/whole', { body: patch });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid', errors: [{ path }] });
  });
});

describe('404, 409, 422', () => {
  test('a taken slug', async () => {
    await api.call('POST', '/v1/rooms', { body: { slug: 'mine' } });
    await api.call('POST', '/v1/rooms', { body: { slug: 'yours' } });
    const answer = await api.call('PATCH', '/v1/rooms/mine', { body: { slug: 'yours' } });
    expect([answer.status, answer.body.code]).toEqual([409, 'room.slug-taken']);
  });

  test('S4-10 a residency that shuts out the pin', async () => {
    await api.call('POST', '/v1/rooms', { body: { slug: 'torn', region: { mode: 'pinned', id: 'us-iad' } } });
    const answer = await api.call('PATCH', '/v1/rooms/torn', { body: { residency: { deny: ['us-iad'] } } });
    expect([answer.status, answer.body.code]).toEqual([422, 'region.not-allowed']);
    expect((await api.call('GET', '/v1/rooms/torn')).body.residency).toBeNull();
  });

  test('S4-17 a pin outside what the tenant allows, and a residency wider than the tenant\'s', async () => {
    await api.database.query(`INSERT INTO tenant (id, name, policy) VALUES ('strict', 'Strict', $1)`, [
      { regions: { allow: ['eu-fra'] }, residency: { jurisdictions: ['EU'] }, access: 'trusted', maxParticipants: 9 },
    ]);
    const key = await api.makeKey('strict');
    const { body } = await api.call('POST', '/v1/rooms', { key, body: { slug: 'inside', region: { mode: 'pinned', id: 'eu-fra' } } });
    expect(body).toMatchObject({ access: 'trusted', maxParticipants: 9, residency: null });
    for (const [patch, path] of [
      [{ region: { id: 'us-iad' } }, 'region.id'],
      [{ residency: { regions: ['us-iad', 'eu-fra'] } }, 'residency.regions'],
      [{ residency: { jurisdictions: ['EU', 'US'] } }, 'residency.jurisdictions'],
    ] as const) {
      const answer = await api.call('PATCH', '/v1/rooms/inside', { key, body: patch });
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ code: 'region.not-allowed', errors: [{ path }] });
    }
    expect((await api.call('PATCH', '/v1/rooms/inside', { key, body: { residency: { jurisdictions: ['EU'] } } })).status).toBe(200);
  });

  test('a room that a region was taken away from can still be renamed', async () => {
    api.regions.push({ id: 'ap-tyo', jurisdiction: 'JP' });
    await api.call('POST', '/v1/rooms', { body: { slug: 'stranded', region: { mode: 'pinned', id: 'ap-tyo' } } });
    api.regions.pop();
    expect((await api.call('PATCH', '/v1/rooms/stranded', { body: { name: 'Still here' } })).status).toBe(200);
    expect((await api.call('PATCH', '/v1/rooms/stranded', { body: { region: { fallback: 'strict' } } })).body.code).toBe('region.unknown');
  });
});
