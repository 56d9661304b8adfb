import { isUtf8 } from 'node:buffer';
import { AppError, invalidField } from '../../kernel/app-error.ts';

/** A deep body would overflow whatever walks it later. Metadata of 32 levels fits with room to spare. */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET_OPEN = 0x5b;
const BRACE_OPEN = 0x7b;
const BRACKET_CLOSE = 0x5d;
const BRACE_CLOSE = 0x7d;

/**
 * Reads a body of JSON; an empty one is undefined.
 * @throws AppError `request.malformed` for what is no JSON in UTF-8; `request.invalid` for what is nested too deep.
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new AppError('request.malformed', { detail: 'The body is not valid UTF-8.' });
  // A level takes two bytes at least.
  if (body.length > 2 * MAX_DEPTH && isDeep(body)) throw new AppError('request.invalid', { detail: `The body is nested deeper than ${MAX_DEPTH} levels.` });
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new AppError('request.malformed', { detail: 'The body is not valid JSON.' });
  }
}

function isDeep(body: Buffer): boolean {
  let depth = 0;
  for (let index = 0; index < body.length; index += 1) {
    const byte = body[index];
    if (byte === QUOTE) index = endOfString(body, index);
    else if (byte === BRACE_OPEN || byte === BRACKET_OPEN) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (byte === BRACE_CLOSE || byte === BRACKET_CLOSE) depth -= 1;
  }
  return false;
}

/** The index of the quote that ends the string which begins at `start`; the end of the body when there is none. */
function endOfString(body: Buffer, start: number): number {
  let index = start + 1;
  while (index < body.length && body[index] !== QUOTE) index += body[index] === BACKSLASH ? 2 : 1;
  return index;
}

/** Whether a JSON value has at most `levels` arrays and objects inside one another. */
export function isWithinDepth(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => isWithinDepth(item, levels - 1));
}

/**
 * Refuses texts that Postgres cannot keep: NUL and unpaired surrogates, wherever they stand.
 * @throws AppError `request.invalid` naming the field, or the place for a value that has none.
 */
export function assertStorableText(value: unknown, place: string, path = ''): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) {
      throw invalidField(path === '' ? place : path, 'holds a NUL or half a character; send plain Unicode text');
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      assertStorableText(key, place, path);
      assertStorableText((value as Record<string, unknown>)[key], place, path === '' ? key : `${path}.${key}`);
    }
  }
}
