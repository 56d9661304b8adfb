/** A JSON object: what a merge patch changes member by member. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Applies an RFC 7396 merge patch: objects merge, everything else replaces, `null` removes. Neither argument changes.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  // Not by assignment: a member called `__proto__` must stay a member.
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
