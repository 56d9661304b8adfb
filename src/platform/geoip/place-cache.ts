/**
 * A bounded memory of recent answers: two generations of at most `size` entries; when the young one is full it
 * becomes the old one. Hot entries survive, since a hit in the old generation moves up. A tenth of the bookkeeping of
 * a list ordered by use, and never more than `2 × size` entries.
 */
export interface PlaceCache<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  clear(): void;
}

export function createPlaceCache<K, V>(size: number): PlaceCache<K, V> {
  let young = new Map<K, V>();
  let old = new Map<K, V>();

  const set = (key: K, value: V): void => {
    if (young.size >= size) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  };

  return {
    get: (key) => {
      const hit = young.get(key);
      if (hit !== undefined) return hit;
      const earlier = old.get(key);
      if (earlier !== undefined) set(key, earlier);
      return earlier;
    },
    set,
    clear: () => {
      young = new Map();
      old = new Map();
    },
  };
}
