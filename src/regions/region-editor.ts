import { AppError, type FieldError } from '../kernel/app-error.ts';
import type { ChangeSignal } from '../coordination/change-signal.ts';
import type { Generations } from '../coordination/generation.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { NewEvent, UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import type { By } from '../tenants/tenants-module.ts';
import type { RegionConfig, StoredDocument } from './region-config.ts';
import { type RegionChange, diffRegion } from './region-diff.ts';
import type { RegionDirectory } from './region-directory.ts';
import { createRegionRevisionStore } from './region-revision-store.ts';
import { createRegionStore, type StoredRegion } from './region-store.ts';
import type { RegionVault } from './region-vault.ts';
import type { AdminState } from './region.ts';

/** A region as it is in the transaction: its row and its configuration with opened secrets. */
export interface HeldRegion {
  readonly stored: StoredRegion;
  readonly config: RegionConfig;
}

/** What a region shall be afterwards; `after` undefined removes it. */
export interface RegionTarget {
  readonly id: string;
  readonly after: (RegionConfig & { readonly adminState: AdminState }) | undefined;
}

export interface RegionEdit {
  readonly by: By;
  /** Of the audit rows: `region.put` and so on. */
  readonly action: string;
  /** @throws AppError when what is there does not allow it; nothing is then changed. */
  plan(held: ReadonlyMap<string, HeldRegion>, revision: number, db: Db): readonly RegionTarget[] | Promise<readonly RegionTarget[]>;
  /** Faults between regions (two on one Redis); 422 when there are any. */
  check?(all: readonly StoredDocument[]): FieldError[];
  /** More work for the same transaction, after the regions were written. */
  also?(work: Work): Promise<void>;
  readonly timeoutMs?: number;
}

export interface EditResult {
  /** The newest revision afterwards; the same as before when nothing differed. */
  readonly revision: number;
  readonly diff: readonly RegionChange[];
}

export interface RegionEditorDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly vault: RegionVault;
  readonly directory: Pick<RegionDirectory, 'refresh'>;
  readonly generations: Generations;
  readonly changes: ChangeSignal;
  /** Whether anything that must not be lost stands in the region: an open session, and later recordings and objects. */
  readonly isInUse: (db: Db, regionId: string) => Promise<boolean>;
  readonly listTenantIds: () => Promise<readonly string[]>;
}

interface Written {
  readonly target: RegionTarget;
  readonly change: RegionChange;
  readonly before: HeldRegion | undefined;
}

/**
 * The one way the region configuration changes: one transaction for one edit, one edit at a time in the whole
 * deployment. Rows, revision, audit, events and the generation are written together or not at all; an edit that changes
 * nothing writes nothing.
 */
export function createRegionEditor(dependencies: RegionEditorDependencies): (edit: RegionEdit) => Promise<EditResult> {
  const { unitOfWork, vault, directory, generations, changes, isInUse, listTenantIds } = dependencies;

  async function readHeld(db: Db): Promise<{ held: Map<string, HeldRegion>; revision: number }> {
    const store = createRegionStore(db);
    await store.lockConfiguration();
    const { revision, regions } = await store.readAll();
    const entries = regions.map(async (stored) => [stored.id, { stored, config: await vault.reveal(stored) }] as const);
    return { revision, held: new Map(await Promise.all(entries)) };
  }

  async function writeRegion(db: Db, { target, before }: Written, revision: number): Promise<StoredRegion | undefined> {
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

  async function apply(work: Work, edit: RegionEdit, tenantIds: readonly string[]): Promise<EditResult> {
    const { held, revision } = await readHeld(work.db);
    const written = differing(await edit.plan(held, revision, work.db), held);
    if (written.length === 0) {
      await edit.also?.(work);
      return { revision, diff: [] };
    }
    assertSoundSet(written, held, edit);
    const next = revision + 1;
    const rows = new Map([...held].map(([id, { stored }]) => [id, stored]));
    for (const each of written) {
      const row = await writeRegion(work.db, each, next);
      if (row === undefined) rows.delete(each.target.id);
      else rows.set(row.id, row);
      await work.appendAudit({ ...edit.by, action: edit.action, subject: each.target.id, ...auditedSides(each), tenantId: null });
    }
    const diff = written.map(({ change }) => change);
    const documents = [...rows.values()].map(({ id, document, secrets, adminState }) => ({ id, document, secrets, adminState }));
    await createRegionRevisionStore(work.db).insert({ n: next, author: edit.by.actor, diff }, documents);
    await work.appendEvents(written.flatMap((each) => stateEvents(each, next, tenantIds)));
    await generations.bump(work.db, 'regions');
    await edit.also?.(work);
    return { revision: next, diff };
  }

  return async (edit) => {
    const tenantIds = await listTenantIds();
    const result = await unitOfWork.run(
      (work) => apply(work, edit, tenantIds),
      edit.timeoutMs === undefined ? {} : { timeoutMs: edit.timeoutMs },
    );
    await directory.refresh();
    changes.announce();
    return result;
  };
}

export function inUse(id: string): AppError {
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
