import type { NewEvent, Work } from '../platform/database/unit-of-work.ts';
import { type HealthVerdict, type StoredHealth, createRegionHealthStore } from './region-health-store.ts';

interface HeldVerdict {
  readonly verdict: HealthVerdict;
  /** Whether the status is another than the one last written by this replica. */
  readonly isNew: boolean;
}

/** What a replica has learnt of regions since it last wrote it down. */
export interface LedgerBatch {
  readonly signs: Set<string>;
  readonly failures: Set<string>;
  readonly proven: Set<string>;
  readonly keyUses: Map<string, Set<string>>;
  readonly verdicts: Map<string, HeldVerdict>;
}

/** A verdict that its writer has not confirmed for this long may be replaced by another replica's. */
const VERDICT_STALE_MS = 10_000;

export function emptyBatch(): LedgerBatch {
  return { signs: new Set(), failures: new Set(), proven: new Set(), keyUses: new Map(), verdicts: new Map() };
}

export function addVerdict({ verdicts }: LedgerBatch, { verdict, isNew }: HeldVerdict): void {
  const held = verdicts.get(verdict.regionId);
  verdicts.set(verdict.regionId, { verdict, isNew: isNew || (held?.isNew ?? false) });
}

export function addKeyUse({ keyUses }: LedgerBatch, regionId: string, keyId: string): void {
  const used = keyUses.get(regionId);
  if (used) used.add(keyId);
  else keyUses.set(regionId, new Set([keyId]));
}

/**
 * Puts what could not be written back into the batch that has begun meanwhile. What changed must still be told; signs
 * and failures are of a moment that has passed.
 */
export function keepVerdicts(unwritten: LedgerBatch, batch: LedgerBatch): void {
  for (const [id, { verdict, isNew }] of unwritten.verdicts) {
    addVerdict(batch, { verdict: batch.verdicts.get(id)?.verdict ?? verdict, isNew });
  }
  for (const id of unwritten.proven) batch.proven.add(id);
}

/** Every region that the batch says something of, each once. */
export function regionsOf({ signs, failures, proven, keyUses, verdicts }: LedgerBatch): string[] {
  return [...new Set([...signs, ...failures, ...proven, ...keyUses.keys(), ...verdicts.keys()])];
}

/** Writes a batch, and the events of what it changes, in the caller's transaction. */
export async function writeBatch(work: Work, batch: LedgerBatch, regionIds: readonly string[]): Promise<void> {
  const store = createRegionHealthStore(work.db);
  const rows = new Map((await store.lockRows(regionIds)).map((row) => [row.regionId, row]));
  const taken = [...batch.verdicts.values()].filter((held) => takes(rows.get(held.verdict.regionId), held));
  if (taken.length > 0) await store.writeVerdicts(taken.map(({ verdict }) => verdict));
  await work.appendEvents(taken.flatMap(({ verdict }) => healthEvents(rows.get(verdict.regionId), verdict)));
  if (batch.proven.size > 0) await store.prove([...batch.proven]);
  const failures = [...batch.failures].filter((id) => !batch.signs.has(id));
  if (failures.length > 0) await store.noteFailures(failures);
  if (batch.signs.size > 0) await store.noteSigns([...batch.signs]);
  for (const [id, keyIds] of batch.keyUses) await store.noteKeyUses(id, [...keyIds]);
}

/**
 * Whether a replica's verdict becomes the common one: when it is news, when it confirms what stands, or when nobody
 * confirms that any more. So two replicas that disagree do not write to and fro.
 */
function takes(row: StoredHealth | undefined, { verdict, isNew }: HeldVerdict): boolean {
  return row !== undefined && (isNew || row.status === verdict.status || row.ageMs > VERDICT_STALE_MS);
}

function healthEvents(row: StoredHealth | undefined, { regionId, status, reason }: HealthVerdict): NewEvent[] {
  if (row === undefined || row.status === status) return [];
  const data = { region: regionId, status, previous: row.status, reason };
  return [{ log: 'system', type: 'region.health', subject: { kind: 'region', id: regionId }, data }];
}
