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
  readonly by: By;
  /**
   * Name of a document that is applied again and again, as the mounted file is; left out for one that is applied once.
   * What such a document said last is remembered: saying it again changes nothing, so that what the API has changed
   * since stays and replicas that start together make one revision; a region that it names no more is removed.
   */
  readonly source?: string;
}

/**
 * Brings the regions that a document names to what it says. Regions that it does not name stay as they are.
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

  async function findLast(store: RegionSourceStore, source: string | undefined): Promise<{ digest: string; regionIds: readonly string[] } | undefined> {
    const last = source === undefined ? undefined : await store.find(source);
    if (last === undefined || source === undefined) return undefined;
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
        if (!isNews || source === undefined) return;
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
