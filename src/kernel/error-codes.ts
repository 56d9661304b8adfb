/** What went wrong, without a word of HTTP. The kind decides the status at the edge and whether a job tries again. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'conflict'
  | 'gone'
  | 'precondition-failed'
  | 'too-large'
  | 'unsupported'
  | 'unprocessable'
  | 'precondition-required'
  | 'too-many'
  | 'internal'
  | 'unavailable';

interface CodeEntry {
  readonly kind: ErrorKind;
  readonly title: string;
}

/** Every problem code this deployment can answer, with its kind and its title; each has a page under `docs/errors/`. */
export const ERROR_CODES = {
  'request.invalid': { kind: 'invalid', title: 'The request is not valid' },
  'request.malformed': { kind: 'invalid', title: 'The request cannot be read' },
  'request.too-large': { kind: 'too-large', title: 'The request is too large' },
  'request.unsupported-media-type': {
    kind: 'unsupported',
    title: 'The media type is not supported',
  },
  'request.precondition-required': {
    kind: 'precondition-required',
    title: 'The request needs an If-Match header',
  },
  'auth.required': { kind: 'unauthenticated', title: 'A credential is needed' },
  'auth.invalid': { kind: 'unauthenticated', title: 'The credential is not valid' },
  'auth.forbidden': { kind: 'forbidden', title: 'The credential does not allow this' },
  'route.not-found': { kind: 'not-found', title: 'There is no such path' },
  'route.method-not-allowed': {
    kind: 'method-not-allowed',
    title: 'The path does not take this method',
  },
  'room.not-found': { kind: 'not-found', title: 'There is no such room' },
  'room.slug-taken': { kind: 'conflict', title: 'The slug is taken' },
  'room.closed': { kind: 'gone', title: 'The meeting has ended' },
  'room.full': { kind: 'conflict', title: 'The room is full' },
  'room.revision-conflict': { kind: 'precondition-failed', title: 'The room has changed meanwhile' },
  'region.unknown': { kind: 'unprocessable', title: 'There is no such region' },
  'region.not-allowed': { kind: 'unprocessable', title: 'The region is not allowed here' },
  'region.in-use': { kind: 'conflict', title: 'The region is in use' },
  'region.revision-conflict': {
    kind: 'precondition-failed',
    title: 'The region configuration has changed meanwhile',
  },
  'placement.no-region': { kind: 'unavailable', title: 'No region can take the meeting now' },
  'placement.pinned-unavailable': {
    kind: 'unavailable',
    title: 'The pinned region cannot take the meeting now',
  },
  'session.not-found': { kind: 'not-found', title: 'There is no such session' },
  'tenant.not-found': { kind: 'not-found', title: 'There is no such tenant' },
  'api-key.not-found': { kind: 'not-found', title: 'There is no such API key' },
  'revision.not-found': { kind: 'not-found', title: 'There is no such revision' },
  'inbound-event.not-found': { kind: 'not-found', title: 'There is no such inbound event' },
  'dependency.unavailable': { kind: 'unavailable', title: 'Something Meridian depends on is away' },
  internal: { kind: 'internal', title: 'Something failed on our side' },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
