import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/kernel/app-error.ts';
import { GUEST } from '../../../src/platform/http/actor.ts';
import type { RoomEntry } from '../../../src/rooms/rooms-module.ts';
import { type AdmissionAsk, admit } from '../../../src/tokens/admission.ts';
import type { RejoinTokens } from '../../../src/tokens/rejoin-token.ts';

const rejoinTokens: RejoinTokens = { issue: () => 'token', read: () => undefined };
/** What an admission looks at of a room. */
const roomOf = (access: string) => ({ room: { id: 'room_1' }, effective: { access: { value: access } } }) as unknown as RoomEntry;

function admitGuest(ask: AdmissionAsk, access = 'public') {
  try {
    return admit(GUEST, roomOf(access), ask, rejoinTokens);
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, errors: error.errors };
    throw error;
  }
}

describe('a guest', () => {
  it('enters a public room as a participant under the name it gives', () => {
    expect(admitGuest({ displayName: ' Ada ' })).toMatchObject({ displayName: ' Ada ', role: 'participant', rejoinToken: 'token' });
  });

  it.each([undefined, '', '   ', '\t\n', '\u00a0'])('needs a name that can be seen: %j is none', (displayName) => {
    const refusal = { code: 'request.invalid', errors: [{ path: 'displayName', message: 'is needed from guests' }] };
    expect(admitGuest({ displayName })).toEqual(refusal);
  });

  it('is told of the name by the field that its request has for it', () => {
    expect(admitGuest({ displayNameField: 'participant_name' })).toMatchObject({ errors: [{ path: 'participant_name' }] });
  });

  it('is asked for a credential first where guests may not enter', () => {
    expect(admitGuest({}, 'trusted')).toMatchObject({ code: 'auth.required' });
  });
});
