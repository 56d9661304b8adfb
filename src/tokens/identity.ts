import { invalidField } from '../kernel/app-error.ts';
import { makeId } from '../kernel/ids.ts';

/** LiveKit's limit is 256; ours leaves room for the kind and a device. */
const MAX_ENCODED_LENGTH = 200;
const UNSAFE = /[^A-Za-z0-9._@-]/gu;
const SAFE = /^[A-Za-z0-9._@-]*$/;

/**
 * A caller's text as part of a LiveKit identity: everything outside `[A-Za-z0-9._@-]` is percent-encoded, so that
 * nobody can write another kind's identity.
 * @throws AppError `request.invalid` when it is longer than 200 characters after that.
 */
export function encodeIdentityPart(text: string, path: string): string {
  const encoded = SAFE.test(text) ? text : text.replaceAll(UNSAFE, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
  if (encoded.length > MAX_ENCODED_LENGTH) throw invalidField(path, `is longer than ${MAX_ENCODED_LENGTH} characters once it is percent-encoded`);
  return encoded;
}

/** The identity of somebody whom an API key names; without a name everybody is new. */
export function keyIdentity(named: string | undefined): string {
  return `k:${named === undefined ? freshPart() : encodeIdentityPart(named, 'identity')}`;
}

export function newGuestIdentity(): string {
  return `g:${freshPart()}`;
}

/** Sortable and unguessable; the prefix of the id carries nothing here. */
function freshPart(): string {
  return makeId('grant').slice('grt_'.length);
}
