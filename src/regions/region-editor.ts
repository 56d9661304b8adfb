import type { ChangeSignal } from '../coordination/change-signal.ts';
import type { Generations } from '../coordination/generation.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { RegionConfig } from './region-config.ts';
import type { RegionDirectory } from './region-directory.ts';
import type { EditResult, RegionEdit } from './region-edit.ts';
import { applyEdit } from './region-edit-transaction.ts';
import type { RegionVault } from './region-vault.ts';

export interface RegionEditorDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly vault: RegionVault;
  readonly directory: Pick<RegionDirectory, 'refresh'>;
  readonly generations: Generations;
  readonly changes: ChangeSignal;
  /** Whether anything that must not be lost stands in the region: an open session, and later recordings and objects. */
  readonly isInUse: (db: Db, regionId: string) => Promise<boolean>;
  readonly listTenantIds: () => Promise<readonly string[]>;
  /** Told of each configuration that an edit brought into force. */
  readonly onWritten: (configs: readonly RegionConfig[]) => void;
}

/**
 * The one way the region configuration changes: one transaction for one edit, one edit at a time in the whole
 * deployment. Rows, revision, audit, events and the generation are written together or not at all; an edit that changes
 * nothing writes nothing.
 */
export function createRegionEditor(dependencies: RegionEditorDependencies): (edit: RegionEdit) => Promise<EditResult> {
  const { unitOfWork, vault, directory, generations, changes, isInUse, listTenantIds, onWritten } = dependencies;
  return async (edit) => {
    const tenantIds = await listTenantIds();
    const { revision, diff, written } = await unitOfWork.run(
      (work) => applyEdit(work, edit, { vault, generations, isInUse, tenantIds }),
      edit.timeoutMs === undefined ? {} : { timeoutMs: edit.timeoutMs },
    );
    await directory.refresh();
    changes.announce();
    onWritten(written.flatMap(({ target: { after } }) => (after ? [after] : [])));
    return { revision, diff };
  };
}
