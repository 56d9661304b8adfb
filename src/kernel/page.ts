import { invalidField } from './app-error.ts';

/** One page of a keyset-paged list. `nextCursor` is opaque; null on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export const DEFAULT_PAGE_LIMIT = 50;
export const MAX_PAGE_LIMIT = 200;

/** Packs a keyset position (the sort columns of the last row) into an opaque cursor. */
export function encodeCursor(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * Reads a cursor of `width` parts.
 * @throws AppError `request.invalid` when it is not one of ours.
 */
export function decodeCursor(cursor: string, width: number): string[] {
  const parts = parse(cursor);
  if (
    !Array.isArray(parts) ||
    parts.length !== width ||
    !parts.every((part): part is string => typeof part === 'string' && !part.includes('\0'))
  ) {
    throw invalidField('cursor', 'is not a cursor of this list; start again without it');
  }
  return parts;
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/** Cuts `limit + 1` rows to a page; `positionOf` names the sort columns of a row. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  positionOf: (row: T) => readonly string[],
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? encodeCursor(positionOf(last)) : null };
}
