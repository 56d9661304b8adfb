import { AppError } from '../kernel/app-error.ts';
import { mergePatch } from '../kernel/merge-patch.ts';
import type { Page, PageRequest } from '../kernel/page.ts';
import type { UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import type { Precondition } from '../platform/http/if-match.ts';
import type { By } from '../tenants/tenants-module.ts';
import { type RegionConfig, takeConfig, toEntry } from './region-config.ts';
import { type RegionDirectory, unknownRegion } from './region-directory.ts';
import { type RegionEntry, regionEntrySchema } from './region-document.ts';
import type { EditResult, HeldRegion, RegionEdit } from './region-editor.ts';
import { fieldFault, invalidDocument } from './region-problem.ts';
import { createRegionRevisionStore, type RegionRevision } from './region-revision-store.ts';
import { faultsOfSet, warningsOfSet } from './region-set.ts';
import type { AdminState, Region } from './region.ts';

/** Who changes, and which newest revision they have seen (`If-Match`); undefined takes any. */
export interface RegionCall {
  readonly by: By;
  readonly precondition?: Precondition | undefined;
}

export interface RegionService {
  /**
   * Makes or replaces a region; secrets that are left out stay.
   * @throws AppError `request.invalid` (400: a secret is missing; 422: it stands on another region's Redis),
   * `region.revision-conflict`.
   */
  put(entry: RegionEntry, call: RegionCall): Promise<{ readonly region: Region; readonly created: boolean }>;
  /** RFC 7396. @throws AppError `region.unknown`, `region.revision-conflict`, `request.invalid`. */
  patch(id: string, patch: unknown, call: RegionCall): Promise<Region>;
  /** @throws AppError `region.unknown`, `region.in-use`, `region.revision-conflict`. */
  remove(id: string, call: RegionCall): Promise<void>;
  /** In force for every session that opens after the answer. @throws AppError `region.unknown`. */
  setState(id: string, state: AdminState, call: RegionCall): Promise<Region>;
  /** Cordons the region and closes all its open sessions, in one transaction. @throws AppError `region.unknown`. */
  abandon(id: string, call: RegionCall): Promise<Region>;
  listRevisions(page: PageRequest): Promise<Page<RegionRevision>>;
}

export interface RegionServiceDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly edit: (edit: RegionEdit) => Promise<EditResult>;
  readonly directory: RegionDirectory;
  readonly nowMs: () => number;
  readonly warn: (warning: string) => void;
  readonly controlPlaneRedis: string | undefined;
  /** Closes the open sessions of a region as `region-lost`, in the transaction of the cordon. */
  readonly closeSessionsOf: (work: Work, regionId: string) => Promise<void>;
}

/** Closing the sessions of a whole region takes more statements than a request's budget was made for. */
const ABANDON_TIMEOUT_MS = 10_000;

export function createRegionService(dependencies: RegionServiceDependencies): RegionService {
  const { unitOfWork, edit, directory, nowMs, warn, controlPlaneRedis, closeSessionsOf } = dependencies;

  async function write(id: string, call: RegionCall, action: string, entryOf: (held: HeldRegion | undefined) => RegionEntry): Promise<boolean> {
    let config: RegionConfig | undefined;
    let created = false;
    await edit({
      by: call.by,
      action,
      plan: (held, revision) => {
        assertMatch(call, revision);
        const before = held.get(id);
        created = before === undefined;
        config = soundConfig(entryOf(before), before?.config, new Date(nowMs()));
        return [{ id, after: { ...config, adminState: before?.stored.adminState ?? 'enabled' } }];
      },
      check: (all) => faultsOfSet(all, all.filter((document) => document.id === id), () => ''),
    });
    if (config) for (const warning of warningsOfSet([config], controlPlaneRedis)) warn(warning);
    return created;
  }

  async function changeState(id: string, state: AdminState, call: RegionCall, more: Pick<RegionEdit, 'action' | 'also' | 'timeoutMs'>): Promise<Region> {
    await edit({
      ...more,
      by: call.by,
      plan: (held, revision) => {
        assertMatch(call, revision);
        const { config, stored } = heldOrUnknown(held, id);
        // A disabled region is shut already; abandoning it does not open it a little.
        const adminState = more.also && stored.adminState === 'disabled' ? 'disabled' : state;
        return [{ id, after: { ...config, adminState } }];
      },
    });
    return directory.get(id, 'path');
  }

  return {
    put: async (entry, call) => {
      const created = await write(entry.id, call, 'region.put', () => entry);
      return { region: directory.get(entry.id, 'path'), created };
    },
    patch: async (id, patch, call) => {
      await write(id, call, 'region.patch', (held) => {
        if (held === undefined) throw unknownRegion('path');
        return patchedEntry(held, patch);
      });
      return directory.get(id, 'path');
    },
    remove: async (id, call) => {
      await edit({
        by: call.by,
        action: 'region.delete',
        plan: (held, revision) => {
          assertMatch(call, revision);
          heldOrUnknown(held, id);
          return [{ id, after: undefined }];
        },
      });
    },
    setState: (id, state, call) => changeState(id, state, call, { action: `region.${ACTION_OF_STATE[state]}` }),
    abandon: (id, call) =>
      changeState(id, 'cordoned', call, {
        action: 'region.abandon',
        also: (work) => closeSessionsOf(work, id),
        timeoutMs: ABANDON_TIMEOUT_MS,
      }),
    listRevisions: (page) => createRegionRevisionStore(unitOfWork.db).list(page),
  };
}

const ACTION_OF_STATE: Readonly<Record<AdminState, string>> = { enabled: 'enable', cordoned: 'cordon', disabled: 'disable' };

function heldOrUnknown(held: ReadonlyMap<string, HeldRegion>, id: string): HeldRegion {
  const region = held.get(id);
  if (region === undefined) throw unknownRegion('path');
  return region;
}

function assertMatch({ precondition }: RegionCall, revision: number): void {
  if (precondition === undefined || precondition(revision)) return;
  throw new AppError('region.revision-conflict', {
    detail: `The newest revision of the region configuration is ${revision}; read it again and repeat the change.`,
  });
}

/** @throws AppError `request.invalid` naming each secret that is missing. */
function soundConfig(entry: RegionEntry, before: RegionConfig | undefined, now: Date): RegionConfig {
  const { errors, ...config } = takeConfig(entry, before, now);
  if (errors.length > 0) throw invalidDocument(errors);
  return config;
}

function patchedEntry({ config }: HeldRegion, patch: unknown): RegionEntry {
  const merged = mergePatch(toEntry(config.document), patch) as Record<string, unknown>;
  const { id } = config.document;
  if (merged['id'] !== id) throw invalidDocument([{ path: 'id', message: 'cannot be changed' }]);
  const read = regionEntrySchema.safeParse(withClearedCredentials(merged));
  if (read.success) return read.data;
  throw invalidDocument(read.error.issues.map((issue) => fieldFault(issue, '')));
}

/** In a `PATCH` everything stored was written out, so credentials that are not there were cleared by it. */
function withClearedCredentials(merged: Record<string, unknown>): Record<string, unknown> {
  const { storage } = merged;
  if (typeof storage !== 'object' || storage === null || 'credentials' in storage) return merged;
  return { ...merged, storage: { ...storage, credentials: null } };
}
