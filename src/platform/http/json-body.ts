import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import express, { type RequestHandler } from 'express';
import { AppError, invalidField } from '../../kernel/app-error.ts';

export const DEFAULT_BODY_LIMIT = 256 * 1024;
/** Configuration documents may be longer. */
export const DOCUMENT_BODY_LIMIT = 1024 * 1024;
const MAX_DEPTH = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Looks at the bytes before they are parsed: a deep body would overflow whatever walks it later. */
function checkBytes(_request: IncomingMessage, _response: unknown, body: Buffer): void {
  if (!isUtf8(body)) throw new AppError('request.malformed', { detail: 'The body is not valid UTF-8.' });
  if (depthOf(body) > MAX_DEPTH) {
    throw new AppError('request.invalid', { detail: `The body is nested deeper than ${MAX_DEPTH} levels.` });
  }
}

function depthOf(body: Buffer): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < body.length; index += 1) {
    const byte = body[index] as number;
    if (inString) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (OPENING.has(byte)) deepest = Math.max(deepest, (depth += 1));
    else if (CLOSING.has(byte)) depth -= 1;
  }
  return deepest;
}

/** A parser for JSON bodies up to `limit` bytes; any JSON value is read, also `null`. */
export function jsonBody(limit: number): RequestHandler {
  return express.json({ limit, strict: false, inflate: false, type: isJson, verify: checkBytes });
}

/** A reader of the bytes as they came, whatever the content type says. */
export function rawBody(limit: number): RequestHandler {
  return express.raw({ limit, inflate: false, type: () => true });
}

function isJson(request: IncomingMessage): boolean {
  const type = request.headers['content-type'] ?? '';
  return /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type);
}

/** Whether the request announces a body that no JSON parser took. */
export function hasForeignBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  const announced = request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
  return announced && !isJson(request);
}

/**
 * Refuses texts that Postgres cannot keep: NUL and unpaired surrogates, wherever they stand.
 * @throws AppError `request.invalid` naming the field.
 */
export function assertStorableText(value: unknown, path = 'body'): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) {
      throw invalidField(path, 'holds a NUL or half a character; send plain Unicode text');
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      assertStorableText(key, path);
      assertStorableText(item, `${path}.${key}`);
    }
  }
}
