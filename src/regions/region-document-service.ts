import { createHash } from 'node:crypto';
import type { FieldError } from '../kernel/app-error.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { SecretBox } from '../platform/secrets/secret-box.ts';
import type { By } from '../tenants/tenants-module.ts';
import { takeConfig } from './region-config.ts';
import type { RegionsDocument } from './region-document.ts';
import type { EditResult, HeldRegion, RegionEdit, RegionTarget } from './region-edit.ts';
import { invalidDocument } from './region-problem.ts';
import { faultsOfSet } from './region-set.ts';
import { type RegionSourceStore, createRegionSourceStore } from './region-source-store.ts';

export interface ApplyOptions {
  /** Where it comes from, always by the same name: `file` for the mounted file, `cli` for the command line. */
  readonly source: string;
  readonly by: By;
}

/**
 * Brings the regions that a source names to what its document says. Regions of other sources and of the API stay; one
 * that this source named before and names no more is removed. A document that says what it said the last time changes
 * nothing, so what was changed by the API since then stays, and replicas that start together make one revision.
 * @throws AppError `request.invalid` with every wrong field, `region.in-use` when a region to be removed is in use.
 */
export type ApplyRegionsDocument = (document: RegionsDocument, options: ApplyOptions) => Promise<EditResult>;

export interface RegionDocumentServiceDependencies {
  readonly edit: (edit: RegionEdit) => Promise<EditResult>;
  readonly box: SecretBox;
  readonly nowMs: () => number;
}

/** A document may bring a hundred regions, each with some statements. */
const APPLY_TIMEOUT_MS = 30_000;

export function createApplyRegionsDocument(dependencies: RegionDocumentServiceDependencies): ApplyRegionsDocument {
  const { edit, box, nowMs } = dependencies;

  async function findLast(store: RegionSourceStore, source: string): Promise<{ digest: string; regionIds: readonly string[] } | undefined> {
    const last = await store.find(source);
    if (last === undefined) return undefined;
    return { regionIds: last.regionIds, digest: (await box.open(last.digest, placeOf(source))).reveal() };
  }

  return async (document, { source, by }) => {
    const digest = createHash('sha256').update(JSON.stringify(document)).digest('hex');
    let isNews = false;

    async function plan(held: ReadonlyMap<string, HeldRegion>, _revision: number, db: Db): Promise<readonly RegionTarget[]> {
      const last = await findLast(createRegionSourceStore(db), source);
      isNews = last?.digest !== digest;
      return isNews ? targetsOf(document, last?.regionIds ?? [], held, new Date(nowMs())) : [];
    }

    return edit({
      by,
      action: 'region.apply',
      timeoutMs: APPLY_TIMEOUT_MS,
      plan,
      check: (all) => {
        const changed = all.filter(({ id }) => document.regions.some((region) => region.id === id));
        return faultsOfSet(all, changed, ({ id }) => prefixOf(document.regions.findIndex((region) => region.id === id)));
      },
      also: async ({ db }) => {
        if (!isNews) return;
        const sealed = await box.seal(digest, placeOf(source));
        await createRegionSourceStore(db).put({ source, digest: sealed, regionIds: document.regions.map(({ id }) => id) });
      },
    });
  };
}

function targetsOf(document: RegionsDocument, before: readonly string[], held: ReadonlyMap<string, HeldRegion>, now: Date): RegionTarget[] {
  const errors: FieldError[] = [];
  const named = document.regions.map((entry, index): RegionTarget => {
    const known = held.get(entry.id);
    const { errors: faults, ...config } = takeConfig(entry, known?.config, now);
    errors.push(...faults.map((fault) => ({ ...fault, path: `${prefixOf(index)}${fault.path}` })));
    return { id: entry.id, after: { ...config, adminState: known?.stored.adminState ?? 'enabled' } };
  });
  if (errors.length > 0) throw invalidDocument(errors);
  const dropped = before.filter((id) => held.has(id) && !document.regions.some((entry) => entry.id === id));
  return [...named, ...dropped.map((id) => ({ id, after: undefined }))];
}

function prefixOf(index: number): string {
  return `regions.${index}.`;
}

function placeOf(source: string): string {
  return `region_source/${source}/digest`;
}
