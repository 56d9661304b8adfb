import { TokenVerifier } from 'livekit-server-sdk';
import { expect, test } from 'vitest';
import { Secret } from '../../../../src/kernel/secret.ts';
import { type JoinToken, signAdminToken, signJoinToken } from '../../../../src/platform/livekit/livekit-token.ts';

const SECRET = 'eu-lab-secret-0123456789abcdef0123456789';
const eu = { key: 'APIeu', secret: new Secret(SECRET) };
const token: JoinToken = {
  identity: 'g:1', name: 'Ada', metadata: '{"a":1}', attributes: { 'meridian.role': 'viewer' }, kind: 'standard',
  grant: { room: 'room_1.1', canPublish: false, canSubscribe: true, canPublishData: false, canPublishSources: [], canUpdateOwnMetadata: false, hidden: false },
  ttlSeconds: 600, nowMs: Date.now(),
};

test("S4-05 LiveKit's own library reads the token as we meant it", async () => {
  const claims = await new TokenVerifier('APIeu', SECRET).verify(signJoinToken(eu, token));
  expect(claims).toMatchObject({ sub: 'g:1', iss: 'APIeu', name: 'Ada', metadata: '{"a":1}', attributes: { 'meridian.role': 'viewer' } });
  expect(claims.video).toEqual({ roomJoin: true, room: 'room_1.1', canPublish: false, canSubscribe: true, canPublishData: false, canUpdateOwnMetadata: false });
  expect((claims.exp ?? 0) - Math.floor(token.nowMs / 1000)).toBe(600);
});

test("a key of one region is never valid in another's", async () => {
  const us = new TokenVerifier('APIeu', 'us-lab-secret-0123456789abcdef0123456789');
  await expect(us.verify(signJoinToken(eu, token))).rejects.toThrow();
});

test('a token without a room or an identity is never signed: LiveKit would read it as "any"', () => {
  expect(() => signJoinToken(eu, { ...token, grant: { ...token.grant, room: '' } })).toThrow(RangeError);
  expect(() => signJoinToken(eu, { ...token, identity: '' })).toThrow(RangeError);
});

test('an admin token lives a minute and holds only what the call needs', async () => {
  const claims = await new TokenVerifier('APIeu', SECRET).verify(signAdminToken(eu, { roomList: true }, Date.now()));
  expect(claims.video).toEqual({ roomList: true });
  expect((claims.exp ?? 0) - (claims.nbf ?? 0)).toBe(70);
});
