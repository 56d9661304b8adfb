import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STAGE_PUBLIC_URL } from '../../support/test-modules.ts';
import { type RoomsApi, startRoomsApi } from './rooms-api.ts';

let api: RoomsApi;
beforeAll(async () => {
  api = await startRoomsApi();
});
afterAll(() => api.close());

describe('201', () => {
  test('an empty body makes a room with every default', async () => {
    const { status, headers, body } = await api.call('POST', '/v1/rooms', { body: {} });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`${STAGE_PUBLIC_URL}/v1/rooms/${body.id}`);
    expect(headers.get('etag')).toBe('"1"');
    expect(headers.get('meridian-warning')).toBeNull();
    expect(body).toEqual({
      id: expect.stringMatching(/^room_[0-9a-z]{26}$/),
      tenantId: 'default',
      slug: expect.stringMatching(/^[a-z]{6}-[a-z]{6}-[a-z]{6}$/),
      name: body.slug,
      access: 'restricted',
      region: { mode: 'auto', fallback: 'nearest', clientChoice: false },
      residency: null,
      maxParticipants: null,
      emptyTimeoutSeconds: 300,
      permissions: { publish: true, sources: ['camera', 'microphone', 'screen_share', 'screen_share_audio'], data: true },
      recording: { auto: false, layout: null, audioOnly: false, retentionDays: null },
      agents: [],
      invitedCountries: [],
      metadata: null,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: body.createdAt,
      revision: 1,
      live: null,
    });
  });

  test('no body at all does the same', async () => {
    expect((await api.call('POST', '/v1/rooms')).status).toBe(201);
  });

  test('S4-03 the owner pins the region, and the pin is stored with the room', async () => {
    const region = { mode: 'pinned', id: 'us-iad', fallback: 'strict' };
    const made = await api.call('POST', '/v1/rooms', { body: { slug: 'pinned', region } });
    expect(made.status).toBe(201);
    const { body } = await api.call('GET', '/v1/rooms/pinned');
    expect(body.region).toEqual({ mode: 'pinned', id: 'us-iad', fallback: 'strict', clientChoice: false });
  });

  test('a region without a mode is chosen automatically', async () => {
    const { body } = await api.call('POST', '/v1/rooms', { body: { region: { clientChoice: true } } });
    expect(body.region).toEqual({ mode: 'auto', fallback: 'nearest', clientChoice: true });
  });

  test('everything that can be set is given back', async () => {
    const content = {
      slug: 'weekly-42',
      name: 'Weekly · 週次',
      access: 'public',
      residency: { jurisdictions: ['EU', 'MOON'], deny: ['us-iad'] },
      maxParticipants: 25,
      emptyTimeoutSeconds: 86_400,
      permissions: { publish: false, sources: ['microphone'], data: false },
      recording: { auto: true, layout: 'grid', audioOnly: true, retentionDays: 30 },
      agents: [{ name: 'scribe', metadata: '{"lang":"de"}' }],
      invitedCountries: ['DE', 'JP'],
      metadata: { deep: [1, { ok: null }], ['__proto__']: 'kept' },
    };
    const { status, body } = await api.call('POST', '/v1/rooms', { body: content });
    expect(status).toBe(201);
    expect(body).toMatchObject(JSON.parse(JSON.stringify(content)));
    expect(JSON.stringify((await api.call('GET', `/v1/rooms/${body.id}`)).body.metadata)).toContain('__proto__');
  });

  test('an audit row and an event are written with the room', async () => {
    const { body } = await api.call('POST', '/v1/rooms', { body: { slug: 'told' } });
    const audit = await api.database.query('SELECT action, tenant_id, actor, before, after FROM audit_entry WHERE subject = $1', [body.id]);
    expect(audit).toEqual([{ action: 'room.create', tenant_id: 'default', actor: expect.stringMatching(/^key:key_/), before: null, after: { slug: 'told' } }]);
    const events = await api.database.query('SELECT log, type, data FROM event WHERE subject_id = $1', [body.id]);
    expect(events).toEqual([{ log: 'default', type: 'room.created', data: { roomId: body.id, slug: 'told', revision: 1 } }]);
  });

  test('S1-08 a room that fits on no node of any region is made, with a warning', async () => {
    const large = await api.call('POST', '/v1/rooms', { body: { maxParticipants: 1001 } });
    expect(large.status).toBe(201);
    expect(large.headers.get('meridian-warning')).toMatch(/^OVER_CAPACITY; detail="/);
    expect(api.logLines.join('')).toContain('no region can hold this room');
    const fits = await api.call('POST', '/v1/rooms', { body: { maxParticipants: 1000 } });
    expect(fits.headers.get('meridian-warning')).toBeNull();
    const confined = await api.call('POST', '/v1/rooms', { body: { maxParticipants: 1000, residency: { jurisdictions: ['EU'] } } });
    expect(confined.headers.get('meridian-warning')).toMatch(/^OVER_CAPACITY/);
  });

  test('S4-12 a room made while there was one region is served by a later one without being touched', async () => {
    const [fra] = api.regions.splice(0, api.regions.length);
    if (fra) api.regions.push(fra);
    const before = await api.call('POST', '/v1/rooms', { body: { slug: 'early', residency: { jurisdictions: ['JP'] } } });
    expect(before.status).toBe(201);
    api.regions.push({ id: 'us-iad', jurisdiction: 'US', maxRoomParticipants: 1000 });
    const patched = await api.call('PATCH', '/v1/rooms/early', { body: { region: { mode: 'pinned', id: 'us-iad' }, residency: null } });
    expect(patched.status).toBe(200);
  });
});

describe('400', () => {
  const wrong: readonly (readonly [string, unknown, string])[] = [
    ['an unknown field', { colour: 'red' }, 'colour'],
    ['an unknown field inside', { permissions: { shout: true } }, 'permissions.shout'],
    ['a slug that is no DNS label', { slug: 'Not-A-Label' }, 'slug'],
    ['a slug that ends in a hyphen', { slug: 'a-' }, 'slug'],
    ['a slug of 64 characters', { slug: 'a'.repeat(64) }, 'slug'],
    ['a name of 201 characters', { name: 'a'.repeat(201) }, 'name'],
    ['an unknown access', { access: 'private' }, 'access'],
    ['an unknown source', { permissions: { sources: ['hologram'] } }, 'permissions.sources.0'],
    ['a pin without a region', { region: { mode: 'pinned' } }, 'region.id'],
    ['a region without a pin', { region: { mode: 'auto', id: 'eu-fra' } }, 'region.id'],
    ['an empty time-out under the least', { emptyTimeoutSeconds: 59 }, 'emptyTimeoutSeconds'],
    ['an empty time-out over a day', { emptyTimeoutSeconds: 86_401 }, 'emptyTimeoutSeconds'],
    ['half a participant', { maxParticipants: 1.5 }, 'maxParticipants'],
    ['a country that is no code', { invitedCountries: ['Germany'] }, 'invitedCountries.0'],
    ['metadata of more than 16 KiB', { metadata: 'é'.repeat(8192) }, 'metadata'],
    ['a NUL', { name: 'a\0b' }, 'name'],
    ['a list', [], 'body'],
    ['null', null, 'body'],
  ];
  test.each(wrong)('%s', async (_title, body, path) => {
    const answer = await api.call('POST', '/v1/rooms', { body });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid', errors: [{ path }] });
  });
});

describe('401 and 403', () => {
  test('a guest, a foreign scope and an operator make no rooms', async () => {
    expect((await api.call('POST', '/v1/rooms', { key: null })).body.code).toBe('auth.required');
    const reader = await api.makeKey('default', ['rooms:read']);
    expect((await api.call('POST', '/v1/rooms', { key: reader })).body.code).toBe('auth.forbidden');
  });
});

describe('409', () => {
  test('a slug is taken once in a tenant, also by callers at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.call('POST', '/v1/rooms', { body: { slug: 'only-one' } })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('room.slug-taken');
  });
});

describe('422', () => {
  const unknown: readonly (readonly [string, unknown])[] = [
    ['region.id', { region: { mode: 'pinned', id: 'mars' } }],
    ['residency.regions', { residency: { regions: ['eu-fra', 'mars'] } }],
    ['residency.deny', { residency: { deny: ['mars'] } }],
  ];
  test.each(unknown)('a region nobody has in %s', async (path, body) => {
    const answer = await api.call('POST', '/v1/rooms', { body });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'region.unknown', errors: [{ path }] });
  });

  const outside: readonly (readonly [string, object])[] = [
    ['jurisdiction', { jurisdictions: ['EU'] }],
    ['list of regions', { regions: ['eu-fra'] }],
    ['denied regions', { deny: ['us-iad'] }],
    ['empty list', { jurisdictions: [] }],
  ];
  test.each(outside)('S4-10 a pin outside the residency: %s', async (_title, residency) => {
    const answer = await api.call('POST', '/v1/rooms', { body: { residency, region: { mode: 'pinned', id: 'us-iad' } } });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'region.not-allowed', errors: [{ path: 'region.id' }] });
  });
});
