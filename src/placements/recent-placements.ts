/** How many sessions this process has just sent to each region. */
export interface RecentPlacements {
  note(region: string): void;
  /** Counts of the window that ends now. */
  counts(): ReadonlyMap<string, number>;
}

/**
 * A region's load is measured every 5 s, learned by a replica within 5 s more, and shows a room only when people are
 * in it; until then the placements themselves are counted.
 */
export const RECENT_WINDOW_MS = 15_000;

export function createRecentPlacements({ monotonicMs }: { readonly monotonicMs: () => number }): RecentPlacements {
  const counts = new Map<string, number>();
  let noted: { readonly region: string; readonly atMs: number }[] = [];
  /** Notes before this one are outside the window; they are cut off when they are the larger part. */
  let first = 0;

  const add = (region: string, change: 1 | -1): void => {
    const count = (counts.get(region) ?? 0) + change;
    if (count === 0) counts.delete(region);
    else counts.set(region, count);
  };

  const forget = (): void => {
    const since = monotonicMs() - RECENT_WINDOW_MS;
    for (let note = noted[first]; note !== undefined && note.atMs <= since; note = noted[first]) {
      add(note.region, -1);
      first += 1;
    }
    if (first * 2 > noted.length) {
      noted = noted.slice(first);
      first = 0;
    }
  };

  return {
    note: (region) => {
      forget();
      noted.push({ region, atMs: monotonicMs() });
      add(region, 1);
    },
    counts: () => {
      forget();
      return counts;
    },
  };
}
