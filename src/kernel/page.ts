import { createHash } from 'node:crypto';
import { type AppError, invalidField } from './app-error.ts';
import { type Id, type IdKind, isId } from './ids.ts';

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

/** Enough to tell a cursor that was cut, guessed or edited; it guards nothing, every list checks who asks by itself. */
const SUM_LENGTH = 8;

/** Packs a keyset position (the sort columns of the last row) into an opaque cursor. */
export function encodeCursor(position: readonly string[]): string {
  const packed = Buffer.from(JSON.stringify(position)).toString('base64url');
  return sumOf(packed) + packed;
}

/**
 * Reads a cursor of `width` parts.
 * @throws AppError `request.invalid` when it is not one of ours.
 */
export function decodeCursor(cursor: string, width: number): string[] {
  const packed = cursor.slice(SUM_LENGTH);
  const parts = cursor.startsWith(sumOf(packed)) ? parse(packed) : undefined;
  if (
    !Array.isArray(parts) ||
    parts.length !== width ||
    !parts.every((part): part is string => typeof part === 'string' && !part.includes('\0'))
  ) {
    throw notACursor();
  }
  return parts;
}

/**
 * Reads the cursor of a list that is sorted by the ids of one kind.
 * @throws AppError `request.invalid` when it is not one of ours, or another list's.
 */
export function decodeIdCursor<K extends IdKind>(cursor: string, kind: K): Id<K> {
  const [id = ''] = decodeCursor(cursor, 1);
  if (!isId(kind, id)) throw notACursor();
  return id;
}

/** For what else may be wrong with a position. */
export function notACursor(): AppError {
  return invalidField('cursor', 'is not a cursor of this list; start again without it');
}

function sumOf(packed: string): string {
  return createHash('sha256').update(`cursor ${packed}`).digest('base64url').slice(0, SUM_LENGTH);
}

function parse(packed: string): unknown {
  try {
    return JSON.parse(Buffer.from(packed, 'base64url').toString());
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
