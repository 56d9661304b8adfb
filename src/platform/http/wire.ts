import { z } from 'zod';
import { DEFAULT_PAGE_LIMIT, MAX_PAGE_LIMIT } from '../../kernel/page.ts';

/** Wire shapes that every module uses. */

/** An RFC 3339 time in UTC as we write it. */
export const timeSchema = z.iso.datetime();
export const nameSchema = z.string().min(1).max(200);

/** `?limit=50&cursor=…`; the limit is 1 … 200. */
export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_LIMIT).default(DEFAULT_PAGE_LIMIT),
  cursor: z.string().max(1000).optional(),
});

export function pageSchema<T extends z.ZodType>(item: T): z.ZodObject<{ items: z.ZodArray<T>; nextCursor: z.ZodNullable<z.ZodString> }> {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** A path with one identifier. What does not look like an id is simply not found, so any text is taken. */
export const idParamsSchema = z.strictObject({ id: z.string() });

export function isoTime(at: Date): string {
  return at.toISOString();
}

export function isoTimeOrNull(at: Date | null | undefined): string | null {
  return at ? at.toISOString() : null;
}
