import type { FieldError } from '../kernel/app-error.ts';
import type { Db } from '../platform/database/prisma-client.ts';
import type { Work } from '../platform/database/unit-of-work.ts';
import type { By } from '../tenants/tenants-module.ts';
import type { RegionConfig, StoredDocument } from './region-config.ts';
import type { RegionChange } from './region-diff.ts';
import type { StoredRegion } from './region-store.ts';
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
