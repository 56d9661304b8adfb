import type { Page, PageRequest } from '../kernel/page.ts';
import type { UnitOfWork, Work } from '../platform/database/unit-of-work.ts';
import type { RegionDirectory } from './region-directory.ts';
import type { RegionEntry } from './region-document.ts';
import type { EditResult, RegionEdit } from './region-edit.ts';
import { type RegionCall, abandonEdit, patchEdit, removeEdit, replaceEdit, stateEdit } from './region-edits.ts';
import { type RegionRevision, createRegionRevisionStore } from './region-revision-store.ts';
import type { AdminState, Region } from './region.ts';

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
  /** Closes the open sessions of a region as `region-lost`, in the transaction of the cordon. */
  readonly closeSessionsOf: (work: Work, regionId: string) => Promise<void>;
}

/** Closing the sessions of a whole region takes more statements than a request's budget was made for. */
const ABANDON_TIMEOUT_MS = 10_000;

export function createRegionService(dependencies: RegionServiceDependencies): RegionService {
  const { unitOfWork, edit, directory, nowMs, closeSessionsOf } = dependencies;
  const now = (): Date => new Date(nowMs());
  return {
    put: async (entry, call) => {
      const { diff } = await edit(replaceEdit(entry, call, now()));
      return { region: directory.get(entry.id, 'path'), created: diff[0]?.change === 'added' };
    },
    patch: async (id, patch, call) => {
      await edit(patchEdit(id, patch, call, now()));
      return directory.get(id, 'path');
    },
    remove: async (id, call) => {
      await edit(removeEdit(id, call));
    },
    setState: async (id, state, call) => {
      await edit(stateEdit(id, state, call));
      return directory.get(id, 'path');
    },
    abandon: async (id, call) => {
      await edit({ ...abandonEdit(id, call), also: (work) => closeSessionsOf(work, id), timeoutMs: ABANDON_TIMEOUT_MS });
      return directory.get(id, 'path');
    },
    listRevisions: (page) => createRegionRevisionStore(unitOfWork.db).list(page),
  };
}
