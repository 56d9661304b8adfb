import { describe, expect, test } from 'vitest';
import { makeId } from '../../../src/kernel/ids.ts';
import { type Session, livekitRoomName, lookReason, parseLivekitRoomName, presenceMaxAgeMs } from '../../../src/sessions/session.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const at = (agoMs: number): Date => new Date(NOW - agoMs);

function aSession(changes: Partial<Session> = {}): Session {
  return {
    id: makeId('session'), roomId: makeId('room'), tenantId: 'default', epoch: 1, region: 'eu-fra', decisionId: makeId('decision'),
    emptyTimeoutSeconds: 300, departureTimeoutSeconds: 20, maxParticipants: null, roomConfig: {},
    openedAt: at(60_000), liveAt: at(60_000), livekitSid: 'RM_1', closedAt: null, closeReason: null,
    lastSignAt: at(1_000), nodeSignAt: at(1_000), inside: 1, lastLeftAt: null, participantsReadAt: null,
    doubtfulAt: null, hiddenAt: null, silentAt: null, createCalledAt: null, ...changes,
  };
}

const facts = { nowMs: NOW, lastSignMs: 0, unseenGrantsMs: [] };

describe('the LiveKit room name', () => {
  test('B-06 carries the epoch, and is read back only in our own form', () => {
    const session = aSession({ epoch: 7 });
    expect(parseLivekitRoomName(livekitRoomName(session))).toEqual({ roomId: session.roomId, epoch: 7 });
    for (const name of ['standup', session.roomId, `${session.roomId}.0`, `${session.roomId}.01`, `${session.roomId}.1.2`, `${session.roomId}.-1`, 'room_x.1']) {
      expect(parseLivekitRoomName(name), name).toBeUndefined();
    }
  });
});

describe('a join looks at LiveKit', () => {
  test.each([
    ['never while people are inside and LiveKit speaks', {}, {}, undefined],
    ['when nobody came and the empty time-out is within 10 s', { inside: 0, liveAt: at(290_000) }, {}, 'may-have-ended'],
    ['not yet well before the empty time-out', { inside: 0, liveAt: at(280_000) }, {}, undefined],
    ['when the last one left and the departure time-out is within 10 s', { inside: 0, lastLeftAt: at(10_000) }, {}, 'may-have-ended'],
    ['not right after the last one left', { inside: 0, lastLeftAt: at(5_000) }, {}, undefined],
    ['when a grant of 3 s ago was not seen inside', {}, { unseenGrantsMs: [NOW - 3_000] }, 'grant-unseen'],
    ['not for a grant of 2 s ago', {}, { unseenGrantsMs: [NOW - 2_000] }, undefined],
    ['not for a grant of more than a minute ago', {}, { unseenGrantsMs: [NOW - 61_000] }, undefined],
    ['when LiveKit said nothing of the room for 15 s', { lastSignAt: at(15_000), liveAt: at(60_000) }, {}, 'silence'],
    ['not when this process heard of it', { lastSignAt: at(15_000) }, { lastSignMs: NOW - 14_000 }, undefined],
  ] as const)('%s', (_when, changes, more, expected) => {
    expect(lookReason(aSession(changes), { ...facts, ...more })).toBe(expected);
  });
});

test('a cached row is read again before its room can have ended unnoticed', () => {
  expect(presenceMaxAgeMs({ departureTimeoutSeconds: 20 })).toBe(10_000);
  expect(presenceMaxAgeMs({ departureTimeoutSeconds: 3 })).toBe(1_000);
  expect(presenceMaxAgeMs({ departureTimeoutSeconds: 600 })).toBe(12_000);
});
