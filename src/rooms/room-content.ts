import { isDeepStrictEqual } from 'node:util';
import { AppError } from '../kernel/app-error.ts';
import { type JsonObject, mergePatch } from '../kernel/merge-patch.ts';
import type { Room, RoomContent, RoomSettings } from './room.ts';
import type { RoomSchemas } from './room-schemas.ts';

/** The room as its owner would have to write it anew. A name that equals the slug was never given. */
export function contentOf({ slug, name, settings }: Room): RoomContent {
  return { ...settings, slug, ...(name === slug ? {} : { name }) };
}

/** What is kept of a room's content: a name that was not given is the slug's, and follows it. */
export interface StoredContent {
  readonly slug: string;
  readonly name: string;
  readonly settings: RoomSettings;
}

/** What is kept of `content` under the slug that was found for it. */
export function storedOf({ slug: _given, name, ...settings }: RoomContent, slug: string): StoredContent {
  return { slug, name: name ?? slug, settings };
}

/** Whether writing `stored` would change nothing; the order of members says nothing. */
export function isSameContent({ slug, name, settings }: Room, stored: StoredContent): boolean {
  return isDeepStrictEqual({ slug, name, settings }, stored);
}

/**
 * The content after an RFC 7396 merge patch, held against the same rules as a new room's.
 * @throws AppError `request.invalid` naming the field, when the whole no longer holds together.
 */
export function patchContent(room: Room, patch: JsonObject, schemas: RoomSchemas): RoomContent {
  const merged = mergePatch(contentOf(room), withoutStalePin(patch));
  const result = schemas.content.safeParse(merged);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
  throw new AppError('request.invalid', { detail: `${errors[0]?.path}: ${errors[0]?.message}`, errors });
}

/** Going back to `auto` lets go of the pin, without the caller having to name it. */
function withoutStalePin(patch: JsonObject): JsonObject {
  const region = patch['region'] as JsonObject | null | undefined;
  if (region?.['mode'] !== 'auto' || region['id'] !== undefined) return patch;
  return { ...patch, region: { ...region, id: null } };
}
