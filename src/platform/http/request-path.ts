import { parse as parseQueryString } from 'node:querystring';
import { AppError } from '../../kernel/app-error.ts';

/** A request target split as it was sent: nothing is decoded yet. */
export interface Target {
  readonly path: string;
  readonly query: string;
}

/** Splits `/v1/rooms?limit=5`; the absolute form (`http://host/v1/rooms`, as a proxy may send it) loses its origin. */
export function targetOf(url: string): Target {
  const start = url.startsWith('/') ? 0 : originLength(url);
  const mark = url.indexOf('?', start);
  return mark < 0 ? { path: url.slice(start), query: '' } : { path: url.slice(start, mark), query: url.slice(mark + 1) };
}

function originLength(url: string): number {
  return /^https?:\/\/[^/?]*/i.exec(url)?.[0].length ?? 0;
}

/**
 * Path parameters by their names, decoded.
 * @throws AppError `request.malformed` for a percent sign that encodes nothing, bytes that are no UTF-8, and NUL.
 */
export function decodeParameters(names: readonly string[], values: readonly string[]): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (let at = 0; at < names.length; at += 1) parameters[names[at] as string] = decodeSegment(values[at] as string);
  return parameters;
}

function decodeSegment(text: string): string {
  if (!text.includes('%')) return text;
  try {
    const decoded = decodeURIComponent(text);
    if (!decoded.includes('\0')) return decoded;
  } catch {
    // Told below, in one way for both.
  }
  throw new AppError('request.malformed', { detail: 'The path holds a percent sign that encodes no character.' });
}

/** Query parameters; one that is given twice is a list, which no schema of ours takes. */
export function parseQuery(query: string): Record<string, string | string[] | undefined> {
  return query === '' ? {} : parseQueryString(query);
}
