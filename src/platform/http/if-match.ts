import { invalidField } from '../../kernel/app-error.ts';

/** Whether a thing of this revision is the one that the caller has seen. */
export type Precondition = (revision: number) => boolean;

/** RFC 9110 section 8.8.3: an opaque tag in quotes, weak ones marked. */
const ENTITY_TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;
const MAX_TAGS = 20;

/** The strong tag of a revision. */
export function revisionTag(revision: number): string {
  return `"${revision}"`;
}

/**
 * Reads an `If-Match` header; undefined when there is none. Comparison is strong (RFC 9110 section 13.1.1), so a weak
 * tag matches nothing; `*` matches whatever exists.
 * @throws AppError `request.invalid` for a header that is no list of entity tags.
 */
export function readIfMatch(header: string | undefined): Precondition | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (text === '*') return () => true;
  const tags = text.split(',').map((part) => ENTITY_TAG.exec(part.trim()));
  if (tags.length > MAX_TAGS || tags.includes(null)) {
    throw invalidField('If-Match', 'must hold the ETag of an earlier answer, as in "3"');
  }
  const strong = new Set(tags.filter((tag) => tag?.[1] === undefined).map((tag) => tag?.[2]));
  return (revision) => strong.has(String(revision));
}
