import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { sortRefusal, withoutTokens } from '../../../../src/platform/livekit/livekit-failure.ts';

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl';

describe('sorting a refusal', () => {
  it.each([
    [400, 'invalid_argument', 'definite'],
    [400, 'malformed', 'definite'],
    [404, 'not_found', 'definite'],
    [409, 'already_exists', 'definite'],
    [412, 'failed_precondition', 'definite'],
    [401, 'unauthenticated', 'misconfigured'],
    [403, 'permission_denied', 'trouble'],
    [404, 'bad_route', 'trouble'],
    [408, 'deadline_exceeded', 'trouble'],
    [429, 'resource_exhausted', 'trouble'],
    [500, 'unknown', 'trouble'],
    [500, 'internal', 'trouble'],
    [501, 'unimplemented', 'trouble'],
    [503, 'unavailable', 'trouble'],
  ] as const)('takes %i %s from LiveKit as %s', (status, code, kind) => {
    expect(sortRefusal('CreateRoom', status, { code, msg: 'text' })).toMatchObject({ kind, status, code });
  });

  it('never takes a 404 without LiveKit\'s words for an absent room', () => {
    expect(sortRefusal('DeleteRoom', 404, undefined)).toMatchObject({ kind: 'trouble', code: 'not_livekit' });
    expect(sortRefusal('DeleteRoom', 400, undefined)).toMatchObject({ kind: 'trouble' });
  });

  it('keeps nothing of what a 401 says', () => {
    const failure = sortRefusal('ListRooms', 401, { code: 'unauthenticated', msg: `invalid token: ${TOKEN}` });
    expect(String(failure)).not.toContain('invalid token');
    expect(inspect(failure)).not.toContain('eyJ');
  });

  it('takes tokens and control characters out of every other text, and cuts it short', () => {
    expect(withoutTokens(`a ${TOKEN} b\r\n\u001b[31mc`)).toBe('a [token] b   [31mc');
    expect(withoutTokens('x'.repeat(5_000))).toHaveLength(200);
    expect(sortRefusal('CreateRoom', 500, { code: 'unknown', msg: TOKEN }).message).not.toContain('eyJ');
  });
});
