import { describe, expect, test } from 'vitest';
import { grantsOf } from '../../../src/tokens/role.ts';

const all = { publish: true, sources: ['camera', 'microphone', 'screen_share', 'screen_share_audio'], data: true } as const;
const ROOM = 'room_x.1';
const base = { room: ROOM, canSubscribe: true, canUpdateOwnMetadata: false, hidden: false };

describe('S4-05 grants by role are exactly those of the table', () => {
  test.each([
    ['owner', all, { canPublish: true, canPublishData: true, canPublishSources: [] }],
    ['moderator', { publish: false, sources: [], data: false }, { canPublish: true, canPublishData: true, canPublishSources: [] }],
    ['participant', all, { canPublish: true, canPublishData: true, canPublishSources: [] }],
    ['participant', { ...all, sources: ['microphone'] }, { canPublish: true, canPublishData: true, canPublishSources: ['microphone'] }],
    ['participant', { ...all, publish: false }, { canPublish: false, canPublishData: true, canPublishSources: [] }],
    ['participant', { ...all, data: false }, { canPublish: true, canPublishData: false, canPublishSources: [] }],
    // LiveKit reads an empty list of sources as "all of them".
    ['participant', { ...all, sources: [] }, { canPublish: false, canPublishData: true, canPublishSources: [] }],
    ['viewer', all, { canPublish: false, canPublishData: false, canPublishSources: [] }],
  ] as const)('%s with %o', (role, permissions, expected) => {
    expect(grantsOf(role, ROOM, permissions)).toEqual({ ...base, ...expected });
  });

  test('no role carries an administrative grant', () => {
    for (const role of ['owner', 'moderator', 'participant', 'viewer'] as const) {
      expect(Object.keys(grantsOf(role, ROOM, all)).filter((name) => /^room[A-Z]|ingress|recorder|agent/.test(name))).toEqual([]);
    }
  });
});
