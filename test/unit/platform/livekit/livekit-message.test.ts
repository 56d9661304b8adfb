import { describe, expect, it } from 'vitest';
import { listSchema, livekitParticipantSchema, livekitRoomSchema } from '../../../../src/platform/livekit/livekit-message.ts';

describe('reading LiveKit\'s messages', () => {
  it('reads a room in either spelling alike, numbers as texts included', () => {
    const snake = { sid: 'RM_1', name: 'a.1', creation_time: '1795233950', creation_time_ms: '1795233950510', num_participants: 2, max_participants: 7, empty_timeout: 60, departure_timeout: 20, version: null };
    const camel = { sid: 'RM_1', name: 'a.1', creationTime: 1795233950, creationTimeMs: 1795233950510, numParticipants: 2, maxParticipants: 7, emptyTimeout: 60, departureTimeout: 20 };
    const expected = {
      sid: 'RM_1',
      name: 'a.1',
      createdAt: new Date(1795233950510),
      emptyTimeoutSeconds: 60,
      departureTimeoutSeconds: 20,
      maxParticipants: 7,
      metadata: '',
      participants: 2,
    };
    expect(livekitRoomSchema.parse(snake)).toEqual(expected);
    expect(livekitRoomSchema.parse(camel)).toEqual(expected);
  });

  it('takes what is missing or null for its default, and seconds where milliseconds are missing', () => {
    expect(livekitRoomSchema.parse({ sid: 'RM_1', creation_time: '7', metadata: null })).toMatchObject({
      name: '',
      metadata: '',
      participants: 0,
      createdAt: new Date(7_000),
    });
    expect(livekitParticipantSchema.parse({ sid: 'PA_1' })).toMatchObject({
      kind: 'standard',
      state: 'joining',
      joinedAt: undefined,
      permission: undefined,
      tracks: [],
      disconnectReason: 'UNKNOWN_REASON',
    });
  });

  it.each([
    ['STANDARD', 'standard'],
    ['INGRESS', 'ingress'],
    ['EGRESS', 'egress'],
    ['SIP', 'sip'],
    ['AGENT', 'agent'],
    ['CONNECTOR', 'other'],
    ['A_KIND_OF_TOMORROW', 'other'],
    [9, 'other'],
  ] as const)('reads the kind %s as %s, never an unknown one as a person', (kind, expected) => {
    expect(livekitParticipantSchema.parse({ sid: 'PA_1', kind }).kind).toBe(expected);
  });

  it('leaves the names inside attributes alone', () => {
    const attributes = { 'meridian.role': 'viewer', snake_case: 'kept' };
    expect(livekitParticipantSchema.parse({ sid: 'PA_1', attributes }).attributes).toEqual(attributes);
  });

  it('takes an object without the list for no answer of LiveKit, but an empty one for an empty list', () => {
    const schema = listSchema('rooms', livekitRoomSchema);
    expect(schema.parse({ rooms: [] })).toEqual([]);
    expect(schema.parse({})).toEqual([]);
    for (const wrong of [{ status: 'ok' }, [], null, 'OK', { rooms: null }, { rooms: [{}] }, { rooms: [7] }]) {
      expect(schema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
    }
  });
});
