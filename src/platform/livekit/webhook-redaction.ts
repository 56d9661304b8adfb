/** A JSON value that Postgres can store. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Field names that hold a credential: TURN passwords of rooms, storage keys and signing keys of egress requests,
 * stream keys of ingress. Both spellings of protobuf's JSON are met. A field too many costs nothing.
 */
const SECRET_FIELD =
  /pass(?:word|wd|phrase)|secret|token|credential|authorization|cookie|connection_?string|(?:access|account|api|private|signing|stream|encryption|shared)_?key|^key$/i;
/**
 * A JWT anywhere in a text: the header of each begins with these letters. The texts come from participants, so each
 * pattern here is linear: it can start only at a boundary that it does not itself cross.
 */
const JWT = /(?<![\w-])eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g;
/** A presigned address gives away what it points to. */
const SIGNATURE_IN_QUERY = /(?:signature|sig|token|credential)=/i;
/** What a URL may carry before its host: a user and a password. */
const URL_USER = /:\/\/[^\s/@]+@/g;
/** Postgres stores neither NUL in text nor half of a surrogate pair in JSON. */
const NUL = /\0/g;
/** The contract bounds JSON to this depth; LiveKit's own messages stay under ten. */
const MAX_DEPTH = 32;
const REPLACEMENT = '\uFFFD';

/** A copy of parsed JSON without secrets, bounded in depth, with every text fit for Postgres. */
export function redactJson(value: unknown, depth = 0): Json {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null) return null;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => redactJson(item, depth + 1));
  const kept = Object.entries(value)
    .filter(([key]) => !SECRET_FIELD.test(key))
    .map(([key, member]): [string, Json] => [storableText(key), redactJson(member, depth + 1)]);
  return Object.fromEntries(kept);
}

function redactText(text: string): string {
  const plain = storableText(text).replace(JWT, '[token]').replace(URL_USER, '://');
  const query = plain.includes('://') ? plain.indexOf('?') : -1;
  return query >= 0 && SIGNATURE_IN_QUERY.test(plain) ? `${plain.slice(0, query)}?[signed]` : plain;
}

/** Text that Postgres takes: NUL and lone surrogates become U+FFFD. */
function storableText(text: string): string {
  // Encoding and decoding is what replaces lone surrogates.
  return Buffer.from(text.replace(NUL, REPLACEMENT)).toString('utf8');
}
