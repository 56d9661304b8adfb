/** A refusal with LiveKit's own status, code and words, given `afterMs`. */
export class TwirpRefusal extends Error {
  override readonly name = 'TwirpRefusal';
  readonly status: number;
  readonly code: string;
  readonly afterMs: number;

  constructor(status: number, code: string, msg: string, afterMs = 0) {
    super(msg);
    this.status = status;
    this.code = code;
    this.afterMs = afterMs;
  }
}

// The prefix is LiveKit 1.13's own: its error conversion wraps one error text in another.
const wrapped = (text: string): string => `twirp error unknown: ${text}`;

export const roomNotFound = (): TwirpRefusal =>
  new TwirpRefusal(404, 'not_found', wrapped('requested room does not exist'));

export const participantNotFound = (): TwirpRefusal =>
  new TwirpRefusal(404, 'not_found', wrapped('participant does not exist'));

export const unmuteRefused = (): TwirpRefusal =>
  new TwirpRefusal(412, 'failed_precondition', wrapped('remote unmute not enabled'));

export const roomNameTooLong = (): TwirpRefusal =>
  new TwirpRefusal(400, 'invalid_argument', wrapped('room name length exceeds limits: max length 256'));

/** The node that holds the room does not answer: LiveKit waits for it first. */
export const nodeSilent = (afterMs: number): TwirpRefusal =>
  new TwirpRefusal(503, 'unavailable', wrapped('no response from servers'), afterMs);

/** The only node drains, or its record is not back in Redis yet. */
export const noNodes = (): TwirpRefusal =>
  new TwirpRefusal(500, 'unknown', 'could not find any available nodes');

/** The room is listed again after Redis lost it, but nobody knows its node. */
export const nodeUnknown = (): TwirpRefusal => new TwirpRefusal(500, 'unknown', 'could not find object');

export const permissionsDenied = (): TwirpRefusal =>
  new TwirpRefusal(401, 'unauthenticated', 'permissions denied');

export const malformedJson = (): TwirpRefusal =>
  new TwirpRefusal(400, 'malformed', 'the json request could not be decoded');

export const badRoute = (msg: string): TwirpRefusal => new TwirpRefusal(404, 'bad_route', msg);
