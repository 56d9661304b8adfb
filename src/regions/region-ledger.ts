import type { UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import { createRegionHealthStore, type HealthVerdict, type StoredHealth } from './region-health-store.ts';

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
  /** Writes what is still held. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

interface Batch {
  readonly signs: Set<string>;
  readonly failures: Set<string>;
  readonly proven: Set<string>;
  readonly keyUses: Map<string, Set<string>>;
  readonly verdicts: Map<string, { readonly verdict: HealthVerdict; readonly isNew: boolean }>;
}

const FLUSH_AFTER_MS = 1_000;
/** The last use of a key is exact to the minute: every probe uses one. */
const KEY_USE_EVERY_MS = 60_000;
/** A verdict that its writer has not confirmed for this long may be replaced by another replica's. */
const VERDICT_STALE_MS = 10_000;

const emptyBatch = (): Batch => ({ signs: new Set(), failures: new Set(), proven: new Set(), keyUses: new Map(), verdicts: new Map() });

export function createRegionLedger(options: {
  readonly unitOfWork: UnitOfWork;
  readonly monotonicMs: () => number;
  readonly onError: (error: unknown) => void;
}): RegionLedger {
  const { unitOfWork, monotonicMs, onError } = options;
  const keyUseNotedMs = new Map<string, number>();
  let batch = emptyBatch();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();

  function arm(): void {
    timer ??= setTimeout(() => void flush(), FLUSH_AFTER_MS);
  }

  async function writeOut(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const taken = batch;
    batch = emptyBatch();
    const ids = idsOf(taken);
    if (ids.length === 0) return;
    try {
      await unitOfWork.run((work) => writeBatch(work, taken, ids));
    } catch (error) {
      onError(error);
      keepVerdicts(taken);
    }
  }

  /** What changed must still be told; signs and failures are of a moment that has passed. */
  function keepVerdicts({ verdicts, proven }: Batch): void {
    for (const [id, { verdict, isNew }] of verdicts) {
      const later = batch.verdicts.get(id);
      batch.verdicts.set(id, { verdict: later?.verdict ?? verdict, isNew: isNew || (later?.isNew ?? false) });
    }
    for (const id of proven) batch.proven.add(id);
    arm();
  }

  function flush(): Promise<void> {
    flushing = flushing.then(writeOut);
    return flushing;
  }

  return {
    noteSign: (id) => {
      batch.signs.add(id);
      batch.failures.delete(id);
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
      const used = batch.keyUses.get(id);
      if (used) used.add(keyId);
      else batch.keyUses.set(id, new Set([keyId]));
      arm();
    },
    noteVerdict: (verdict, { isNew, isGood }) => {
      const held = batch.verdicts.get(verdict.regionId);
      batch.verdicts.set(verdict.regionId, { verdict, isNew: isNew || (held?.isNew ?? false) });
      if (isGood) batch.proven.add(verdict.regionId);
      arm();
    },
    flush,
    stop: async () => {
      await flush();
      clearTimeout(timer);
    },
  };
}

function idsOf({ signs, failures, proven, keyUses, verdicts }: Batch): string[] {
  return [...new Set([...signs, ...failures, ...proven, ...keyUses.keys(), ...verdicts.keys()])];
}

async function writeBatch(work: Work, batch: Batch, ids: readonly string[]): Promise<void> {
  const store = createRegionHealthStore(work.db);
  const rows = new Map((await store.lockRows(ids)).map((row) => [row.regionId, row]));
  const taken = [...batch.verdicts.values()].filter(({ verdict, isNew }) => takes(rows.get(verdict.regionId), verdict, isNew));
  if (taken.length > 0) await store.writeVerdicts(taken.map(({ verdict }) => verdict));
  await work.appendEvents(taken.flatMap(({ verdict }) => healthEvent(rows.get(verdict.regionId), verdict)));
  if (batch.proven.size > 0) await store.prove([...batch.proven]);
  if (batch.failures.size > 0) await store.noteFailures([...batch.failures].filter((id) => !batch.signs.has(id)));
  if (batch.signs.size > 0) await store.noteSigns([...batch.signs]);
  for (const [id, keyIds] of batch.keyUses) await store.noteKeyUses(id, [...keyIds]);
}

/**
 * Whether a replica's verdict becomes the common one: when it is news, when it confirms what stands, or when nobody
 * confirms that any more. So two replicas that disagree do not write to and fro.
 */
function takes(row: StoredHealth | undefined, verdict: HealthVerdict, isNew: boolean): boolean {
  return row !== undefined && (isNew || row.status === verdict.status || row.ageMs > VERDICT_STALE_MS);
}

function healthEvent(row: StoredHealth | undefined, { regionId, status, reason }: HealthVerdict) {
  if (row === undefined || row.status === status) return [];
  return [{
    log: 'system',
    type: 'region.health',
    subject: { kind: 'region', id: regionId },
    data: { region: regionId, status, previous: row.status, reason },
  }];
}
