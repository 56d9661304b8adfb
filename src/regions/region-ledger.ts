import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { HealthVerdict } from './region-health-store.ts';
import { addKeyUse, addVerdict, emptyBatch, keepVerdicts, regionsOf, writeBatch } from './region-ledger-batch.ts';

/**
 * Writes down what this replica learns of regions, in one transaction a second however much it learns: verdicts for
 * the others, signs of life and failed probes for the proof that a region is dead.
 */
export interface RegionLedger {
  /** The region answered something, or sent a webhook. */
  noteSign(regionId: string): void;
  /** A probe of it failed. Dropped when Postgres cannot be told: only replicas that reach it count. */
  noteFailure(regionId: string): void;
  noteKeyUse(regionId: string, keyId: string): void;
  noteVerdict(verdict: HealthVerdict, facts: { readonly isNew: boolean; readonly isGood: boolean }): void;
  /** Writes what is held now. Never throws. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const FLUSH_AFTER_MS = 1_000;
/** The last use of a key is exact to the minute: every probe uses one. */
const KEY_USE_EVERY_MS = 60_000;

export interface RegionLedgerDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly monotonicMs: () => number;
  readonly onError: (error: unknown) => void;
}

export function createRegionLedger({ unitOfWork, monotonicMs, onError }: RegionLedgerDependencies): RegionLedger {
  const keyUseNotedMs = new Map<string, number>();
  let batch = emptyBatch();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();
  let isStopped = false;

  function arm(): void {
    if (!isStopped) timer ??= setTimeout(() => void flush(), FLUSH_AFTER_MS);
  }

  async function writeOut(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const taken = batch;
    batch = emptyBatch();
    const ids = regionsOf(taken);
    if (ids.length === 0) return;
    try {
      await unitOfWork.run((work) => writeBatch(work, taken, ids));
    } catch (error) {
      onError(error);
      keepVerdicts(taken, batch);
    }
  }

  function flush(): Promise<void> {
    flushing = flushing.then(writeOut);
    return flushing;
  }

  return {
    noteSign: (id) => {
      batch.signs.add(id);
      arm();
    },
    noteFailure: (id) => {
      batch.failures.add(id);
      arm();
    },
    noteKeyUse: (id, keyId) => {
      const place = `${id}/${keyId}`;
      if (monotonicMs() - (keyUseNotedMs.get(place) ?? -Infinity) < KEY_USE_EVERY_MS) return;
      keyUseNotedMs.set(place, monotonicMs());
      addKeyUse(batch, id, keyId);
      arm();
    },
    noteVerdict: (verdict, { isNew, isGood }) => {
      addVerdict(batch, { verdict, isNew });
      if (isGood) batch.proven.add(verdict.regionId);
      arm();
    },
    flush,
    stop: async () => {
      isStopped = true;
      await flush();
      clearTimeout(timer);
    },
  };
}
