import type { ClaimedEvent } from './inbound-claim-store.ts';

/** What this process has in hand: bounded in all and for each region, one chain of work for each room. */
export interface InboundHands {
  /** Puts a row at the end of its room's chain. `work` must not throw. */
  take(claimed: ClaimedEvent, work: () => Promise<void>): void;
  /** How many more rows there is room for. */
  free(): number;
  /** Regions that have all the hands they may have. */
  fullRegions(): string[];
  /** Resolves when nothing is in hand. */
  idle(): Promise<void>;
}

export interface HandsOptions {
  readonly max: number;
  readonly maxOfRegion: number;
  /** Told each time a hand is free again. */
  readonly onFreed: () => void;
}

export function createInboundHands({ max, maxOfRegion, onFreed }: HandsOptions): InboundHands {
  /** The end of each room's chain. */
  const rooms = new Map<string, Promise<void>>();
  const perRegion = new Map<string, number>();
  let inHand = 0;

  function count(region: string, change: 1 | -1): void {
    inHand += change;
    perRegion.set(region, (perRegion.get(region) ?? 0) + change);
  }

  return {
    take: ({ id, region, roomName }, work) => {
      const room = `${region}/${roomName ?? id}`;
      count(region, 1);
      const end = (rooms.get(room) ?? Promise.resolve()).then(work).then(() => {
        count(region, -1);
        if (rooms.get(room) === end) rooms.delete(room);
        onFreed();
      });
      rooms.set(room, end);
    },
    free: () => max - inHand,
    fullRegions: () => [...perRegion].filter(([, rows]) => rows >= maxOfRegion).map(([region]) => region),
    idle: async () => {
      await Promise.all(rooms.values());
    },
  };
}
