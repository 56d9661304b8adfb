import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWebhookEvent, redactWebhookBody } from '../../../../src/platform/livekit/webhook-event.ts';
import { redactJson } from '../../../../src/platform/livekit/webhook-redaction.ts';

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('reading a webhook', () => {
  it('picks the fields we use, with LiveKit\'s defaults for what it leaves out', () => {
    const event = parseWebhookEvent(
      bytes({
        event: 'participant_left',
        id: 'EV_1',
        createdAt: '1795233950',
        room: { sid: 'RM_1', name: 'room_1.3', numParticipants: 9, turnPassword: 'x' },
        participant: { sid: 'PA_1', identity: 'u:ada', joinedAt: '1795233900', disconnectReason: 'CLIENT_INITIATED', permission: { canPublish: true } },
      }),
    );
    expect(event).toEqual({
      id: 'EV_1',
      type: 'participant_left',
      createdAt: new Date(1795233950_000),
      room: { sid: 'RM_1', name: 'room_1.3' },
      participant: {
        sid: 'PA_1',
        identity: 'u:ada',
        name: '',
        kind: 'standard',
        joinedAt: new Date(1795233900_000),
        disconnectReason: 'CLIENT_INITIATED',
        permission: expect.objectContaining({ canPublish: true, canSubscribe: false }) as object,
        attributes: {},
      },
      track: undefined,
      egressInfo: undefined,
    });
  });

  it('does not guess the kind of a participant that an event names by its ids only', () => {
    const event = parseWebhookEvent(bytes({ event: 'track_published', id: 'EV_1', participant: { sid: 'PA_1', identity: 'EG_1' } }));
    expect(event?.participant?.kind).toBeUndefined();
  });

  it('keeps events of tomorrow, and an egress record without its secrets', () => {
    const event = parseWebhookEvent(
      bytes({ event: 'quantum_entangled', id: 'EV_1', egressInfo: { egressId: 'EG_1', status: 'EGRESS_NEW', roomComposite: { file: { s3: { accessKey: 'a', secret: 'b', bucket: 'c' } } } } }),
    );
    expect(event).toMatchObject({ type: 'quantum_entangled', egressInfo: { egressId: 'EG_1', status: 'EGRESS_NEW', roomComposite: { file: { s3: { bucket: 'c' } } } } });
    expect(JSON.stringify(event)).not.toMatch(/accessKey|"secret"/);
  });

  it.each(['', 'null', '[]', '"x"', '{', '{}', '{"id":"EV_1"}', '{"event":"x"}', '{"id":"","event":"x"}', '{"id":"a b","event":"x"}', '{"id":"EV_1","event":"x","room":[]}', `{"id":"${'x'.repeat(200)}","event":"x"}`])(
    'takes %j for no event',
    (text) => expect(parseWebhookEvent(bytes(text))).toBeUndefined(),
  );

  it('refuses bytes that are not UTF-8', () => {
    const body = Buffer.concat([bytes('{"id":"EV_1","event":"x","y":"'), Buffer.from([0xff]), bytes('"}')]);
    expect(parseWebhookEvent(body)).toBeUndefined();
    expect(redactWebhookBody(body)).toBeUndefined();
  });

  it('never throws, whatever the bytes, and answers only what Postgres can store', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)), fc.json().map(bytes), fc.anything().map((value) => bytes(JSON.stringify(value) ?? ''))), (body) => {
        parseWebhookEvent(body);
        const text = JSON.stringify(redactWebhookBody(body) ?? null);
        expect(text).not.toMatch(/\\u0000|\\ud[89ab]../i);
      }),
    );
  });
});

describe('redacting', () => {
  it('takes out every field that names a credential, in either spelling and at any depth', () => {
    const secrets = ['turnPassword', 'turn_password', 'secret', 'secretAccessKey', 'accessKey', 'access_key', 'sessionToken', 'session_token', 'accountKey', 'credentials', 'streamKey', 'stream_key', 'signingKey', 'apiKey', 'privateKey', 'passphrase', 'Authorization', 'connectionString'];
    for (const name of secrets) {
      expect(redactJson({ a: [{ [name]: 'x', kept: 1 }] }), name).toEqual({ a: [{ kept: 1 }] });
    }
    expect(redactJson({ bucket: 'b', egressId: 'e', roomName: 'r', isPublisher: true })).toEqual({ bucket: 'b', egressId: 'e', roomName: 'r', isPublisher: true });
  });

  it('takes tokens, signatures and passwords out of texts', () => {
    expect(redactJson('wss://x/?access_token=abc')).toBe('wss://x/?[signed]');
    expect(redactJson('https://b.s3/k?X-Amz-Date=1&X-Amz-Signature=abc')).toBe('https://b.s3/k?[signed]');
    expect(redactJson('rtmp://user:pass@host/app')).toBe('rtmp://host/app');
    expect(redactJson('join eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln now')).toBe('join [token] now');
    expect(redactJson('is it a token=yes question?')).toBe('is it a token=yes question?');
  });

  it('bounds depth, and needs no more time for a hostile text than for a plain one', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 5_000; level += 1) deep = [deep];
    expect(JSON.stringify(redactJson(deep))).toContain('[too deep]');
    const started = performance.now();
    for (const hostile of ['eyJ', '?', '://', 'a', '?token', 'eyJaaaaaaaa.', '://x@'].map((part) => part.repeat(250_000 / part.length))) redactJson(hostile);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
