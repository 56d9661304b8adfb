import { expect, it } from 'vitest';
import { Secret } from '../../src/kernel/secret.ts';
import { signAdminToken } from '../../src/platform/livekit/livekit-token.ts';
import { callRaw, gatewayTo, joinTokenFor, signingKeyOf, type Subject, TIMES } from './livekit-target.ts';

const CREATE = '/twirp/livekit.RoomService/CreateRoom';
const LIST = '/twirp/livekit.RoomService/ListRooms';

export function describeRefusals(use: () => Subject): void {
  const raw = (path: string, options: Parameters<typeof callRaw>[2]) => callRaw(use().target, path, options);
  const wrongSecret = () => ({ key: use().target.key, secret: new Secret('not the secret of this region at all') });

  it('says 401 in plain text to a foreign key, and our client keeps none of its words', async () => {
    const { target } = use();
    const foreign = { key: 'APIforeign', secret: new Secret('foreign-secret-0123456789abcdef0123') };
    const token = signAdminToken(foreign, { roomList: true }, Date.now());
    const answer = await raw(LIST, { authorization: `Bearer ${token}` });
    expect(answer).toMatchObject({ status: 401, text: 'invalid API key: APIforeign' });
    expect(answer.contentType).toContain('text/plain');
    const failure = await gatewayTo(target, foreign).listRooms(['probe']).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'misconfigured', status: 401 });
  });

  it('repeats a refused token in its answer, which our failure does not', async () => {
    const { target } = use();
    const token = signAdminToken(wrongSecret(), { roomList: true }, Date.now());
    const answer = await raw(LIST, { authorization: `Bearer ${token}` });
    expect(answer.status).toBe(401);
    expect(answer.text).toBe(
      `invalid token: ${token}, error: token signature is invalid: signature is invalid`,
    );
    const failure = await gatewayTo(target, wrongSecret()).listRooms(['probe']).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'misconfigured' });
    expect(String(failure)).not.toContain('eyJ');
  });

  it('refuses an expired token, a missing one, a wrong scheme and a missing grant with 401', async () => {
    const expired = signAdminToken(signingKeyOf(use().target), { roomList: true }, Date.now() - 600_000);
    const old = await raw(LIST, { authorization: `Bearer ${expired}` });
    expect(old.text).toBe(`invalid token: ${expired}, error: token has invalid claims: token is expired`);
    const none = await raw(LIST, {});
    expect(none).toMatchObject({ status: 401, text: '{"code":"unauthenticated","msg":"permissions denied"}' });
    const scheme = await raw(LIST, { authorization: 'Basic abc' });
    expect(scheme).toMatchObject({ status: 401, text: 'invalid authorization header. Must start with Bearer ' });
    const broken = await raw(LIST, { authorization: 'Bearer a.b.c' });
    expect(broken).toMatchObject({ status: 401, text: 'invalid authorization token' });
    const ungranted = await raw(CREATE, { grant: { roomList: true } });
    expect(ungranted).toMatchObject({ status: 401, text: '{"code":"unauthenticated","msg":"permissions denied"}' });
  });

  it('refuses what it cannot read with the codes that our client sorts by', async () => {
    const grant = { roomCreate: true } as const;
    const json = (answer: { text: string }): unknown => JSON.parse(answer.text);
    const malformed = await raw(CREATE, { grant, body: '{bad' });
    expect(malformed.status).toBe(400);
    expect(json(malformed)).toMatchObject({ code: 'malformed', msg: 'the json request could not be decoded' });
    const long = await raw(CREATE, { grant, body: JSON.stringify({ name: 'x'.repeat(300) }) });
    expect(long.status).toBe(400);
    expect(json(long)).toMatchObject({
      code: 'invalid_argument',
      msg: 'twirp error unknown: room name length exceeds limits: max length 256',
    });
    const route = await raw('/twirp/livekit.RoomService/Nope', { grant });
    expect(route.status).toBe(404);
    expect(json(route)).toMatchObject({ code: 'bad_route' });
    const type = await raw(LIST, { grant, contentType: 'text/plain' });
    expect(json(type)).toMatchObject({ code: 'bad_route', msg: 'unexpected Content-Type: "text/plain"' });
    const absent = await raw('/twirp/livekit.RoomService/DeleteRoom', { grant, body: '{"room":"never.1"}' });
    expect(absent.text).toBe(
      '{"code":"not_found","msg":"twirp error unknown: requested room does not exist"}',
    );
  });

  it('serves its health page and its signalling gate', async () => {
    const { gateway, target } = use();
    const key = signingKeyOf(target);
    const gate = (token: string) => raw(`/rtc/validate?access_token=${token}`, { method: 'GET' });
    await gateway.createRoom({ ...TIMES, name: 'gate.1' });
    expect(await raw('/', { method: 'GET' })).toMatchObject({ status: 200, text: 'OK' });
    const measured = await fetch(target.apiUrl, { headers: { origin: 'https://app.example' } });
    expect(measured.headers.get('access-control-allow-origin')).toMatch(/^(\*|https:\/\/app\.example)$/);
    expect(await gate(joinTokenFor(key, 'gate.1', 'g:ada'))).toMatchObject({ status: 200, text: 'success' });
    expect(await gate(joinTokenFor(key, 'gate.2', 'g:ada'))).toMatchObject({
      status: 404,
      text: 'requested room does not exist',
    });
    const foreign = { key: 'APIforeign', secret: new Secret('foreign-secret-0123456789abcdef0123') };
    expect(await gate(joinTokenFor(foreign, 'gate.1', 'g:ada'))).toMatchObject({
      status: 401,
      text: 'invalid API key: APIforeign',
    });
    const admin = signAdminToken(key, { roomAdmin: true, room: 'gate.1' }, Date.now());
    expect(await gate(admin)).toMatchObject({ status: 401, text: 'permissions denied' });
    expect(await gate(joinTokenFor(key, 'gate.1', 'y'.repeat(300)))).toMatchObject({
      status: 400,
      text: 'participant identity length exceeds limits: max length 256',
    });
    expect(await raw('/rtc', { method: 'GET' })).toMatchObject({ status: 404 });
  });
}
