import { AppError } from '../kernel/app-error.ts';
import type { Generations } from '../coordination/generation.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { NewEvent, Work } from '../platform/database/unit-of-work.ts';
import { type RegionChange, diffRegion } from './region-diff.ts';
import type { EditResult, HeldRegion, RegionEdit, RegionTarget } from './region-edit.ts';
import { createRegionRevisionStore } from './region-revision-store.ts';
import { type StoredRegion, createRegionStore } from './region-store.ts';
import type { RegionVault } from './region-vault.ts';

export interface EditContext {
  readonly vault: RegionVault;
  readonly generations: Generations;
  readonly isInUse: (db: Db, regionId: string) => Promise<boolean>;
  /** Who is told of a change of state, besides the operators. */
  readonly tenantIds: readonly string[];
}

/** One region that an edit really changes. */
export interface Written {
  readonly target: RegionTarget;
  readonly change: RegionChange;
  readonly before: HeldRegion | undefined;
}

export interface Applied extends EditResult {
  readonly written: readonly Written[];
}

/** Carries an edit out in the caller's transaction; writes nothing when nothing differs. */
export async function applyEdit(work: Work, edit: RegionEdit, context: EditContext): Promise<Applied> {
  const { held, revision } = await readHeld(work.db, context.vault);
  const written = differing(await edit.plan(held, revision, work.db), held);
  if (written.length === 0) {
    await edit.also?.(work);
    return { revision, diff: [], written };
  }
  assertSoundSet(written, held, edit);
  const next = revision + 1;
  const rows = new Map([...held].map(([id, { stored }]) => [id, stored]));
  for (const each of written) {
    const row = await writeRegion(work.db, each, next, context);
    if (row === undefined) rows.delete(each.target.id);
    else rows.set(row.id, row);
    await work.appendAudit({ ...edit.by, action: edit.action, subject: each.target.id, ...auditedSides(each), tenantId: null });
  }
  const diff = written.map(({ change }) => change);
  const documents = [...rows.values()].map(({ id, document, secrets, adminState }) => ({ id, document, secrets, adminState }));
  await createRegionRevisionStore(work.db).insert({ n: next, author: edit.by.actor, diff }, documents);
  await work.appendEvents(written.flatMap((each) => stateEvents(each, next, context.tenantIds)));
  await context.generations.bump(work.db, 'regions');
  await edit.also?.(work);
  return { revision: next, diff, written };
}

async function readHeld(db: Db, vault: RegionVault): Promise<{ held: Map<string, HeldRegion>; revision: number }> {
  const store = createRegionStore(db);
  await store.lockConfiguration();
  const { revision, regions } = await store.readAll();
  const entries = regions.map(async (stored) => [stored.id, { stored, config: await vault.reveal(stored) }] as const);
  return { revision, held: new Map(await Promise.all(entries)) };
}

async function writeRegion(db: Db, { target, before }: Written, revision: number, { vault, isInUse }: EditContext): Promise<StoredRegion | undefined> {
  const store = createRegionStore(db);
  const { id, after } = target;
  if (after === undefined) {
    await store.lockRow(id);
    if (await isInUse(db, id)) throw inUse(id);
    await store.remove(id);
    return undefined;
  }
  const known = { plain: before?.config.secrets ?? {}, sealed: before?.stored.secrets ?? {} };
  const { document, adminState } = after;
  const row = { id, document, adminState, revision, secrets: await vault.seal(id, after.secrets, known) };
  await store.write(row);
  const now = new Date();
  return { ...row, createdAt: before?.stored.createdAt ?? now, updatedAt: now };
}

function inUse(id: string): AppError {
  const detail = `Region ${id} is in use: it has open sessions, unfinished recordings or stored objects. Cordon it and wait, or abandon it.`;
  return new AppError('region.in-use', { detail });
}

function differing(targets: readonly RegionTarget[], held: ReadonlyMap<string, HeldRegion>): Written[] {
  return targets.flatMap((target) => {
    const before = held.get(target.id);
    const side = before && { ...before.config, adminState: before.stored.adminState };
    const change = diffRegion(target.id, side, target.after);
    return change === undefined ? [] : [{ target, change, before }];
  });
}

function assertSoundSet(written: readonly Written[], held: ReadonlyMap<string, HeldRegion>, edit: RegionEdit): void {
  const documents = new Map([...held].map(([id, { config }]) => [id, config.document]));
  for (const { target } of written) {
    if (target.after) documents.set(target.id, target.after.document);
    else documents.delete(target.id);
  }
  const errors = edit.check?.([...documents.values()]) ?? [];
  const [first] = errors;
  if (first) throw new AppError('request.invalid', { kind: 'unprocessable', detail: `${first.path}: ${first.message}`, errors });
}

function auditedSides({ target, before }: Written): { before: unknown; after: unknown } {
  return {
    before: before && { ...before.config.document, state: before.stored.adminState },
    after: target.after && { ...target.after.document, state: target.after.adminState },
  };
}

/** `region.state` for operators, and a copy for every tenant: rooms of any of them may stand there. */
function stateEvents({ target, before }: Written, revision: number, tenantIds: readonly string[]): NewEvent[] {
  const previous = before?.stored.adminState ?? null;
  const state = target.after?.adminState ?? 'removed';
  if (state === previous) return [];
  const event = {
    type: 'region.state',
    subject: { kind: 'region', id: target.id },
    transition: `state:${revision}`,
    data: { region: target.id, state, previous },
  };
  return ['system', ...tenantIds].map((log) => ({ ...event, log }));
}
