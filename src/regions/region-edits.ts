import { AppError } from '../kernel/app-error.ts';
import { mergePatch } from '../kernel/merge-patch.ts';
import type { Precondition } from '../platform/http/if-match.ts';
import type { By } from '../tenants/tenants-module.ts';
import { takeConfig, toEntry } from './region-config.ts';
import { unknownRegion } from './region-directory.ts';
import { type RegionEntry, regionEntrySchema } from './region-document.ts';
import type { HeldRegion, RegionEdit } from './region-edit.ts';
import { fieldFault, invalidDocument } from './region-problem.ts';
import { faultsOfSet } from './region-set.ts';
import type { AdminState } from './region.ts';

/** Who changes, and which newest revision they have seen (`If-Match`); undefined takes any. */
export interface RegionCall {
  readonly by: By;
  readonly precondition?: Precondition | undefined;
}

type Held = ReadonlyMap<string, HeldRegion>;

/** Makes or replaces one region; it keeps its admin state. */
export function replaceEdit(entry: RegionEntry, call: RegionCall, now: Date): RegionEdit {
  return writeEdit(entry.id, 'region.put', call, now, () => entry);
}

/** Merges a patch (RFC 7396) into one region. */
export function patchEdit(id: string, patch: unknown, call: RegionCall, now: Date): RegionEdit {
  return writeEdit(id, 'region.patch', call, now, (held) => patchedEntry(heldOrUnknown(held, id), patch));
}

function writeEdit(id: string, action: string, call: RegionCall, now: Date, entryOf: (held: Held) => RegionEntry): RegionEdit {
  return {
    by: call.by,
    action,
    plan: (held, revision) => {
      // Before the document is looked at: what it would be merged into has changed.
      assertMatch(call, revision);
      const before = held.get(id);
      const { errors, ...config } = takeConfig(entryOf(held), before?.config, now);
      if (errors.length > 0) throw invalidDocument(errors);
      return [{ id, after: { ...config, adminState: before?.stored.adminState ?? 'enabled' } }];
    },
    check: (all) => faultsOfSet(all, all.filter((document) => document.id === id), () => ''),
  };
}

/** Takes one region out of the configuration; whether it is in use is asked when the edit is applied. */
export function removeEdit(id: string, call: RegionCall): RegionEdit {
  return {
    by: call.by,
    action: 'region.delete',
    plan: (held, revision) => {
      assertMatch(call, revision);
      heldOrUnknown(held, id);
      return [{ id, after: undefined }];
    },
  };
}

const ACTION_OF_STATE: Readonly<Record<AdminState, string>> = { enabled: 'enable', cordoned: 'cordon', disabled: 'disable' };

/** Enables, cordons or disables one region. */
export function stateEdit(id: string, state: AdminState, call: RegionCall): RegionEdit {
  return changeState(id, `region.${ACTION_OF_STATE[state]}`, call, () => state);
}

/** Shuts a region for good measure before its sessions are closed; one that is disabled stays so. */
export function abandonEdit(id: string, call: RegionCall): RegionEdit {
  return changeState(id, 'region.abandon', call, (state) => (state === 'disabled' ? 'disabled' : 'cordoned'));
}

function changeState(id: string, action: string, call: RegionCall, next: (state: AdminState) => AdminState): RegionEdit {
  return {
    by: call.by,
    action,
    plan: (held, revision) => {
      assertMatch(call, revision);
      const { config, stored } = heldOrUnknown(held, id);
      return [{ id, after: { ...config, adminState: next(stored.adminState) } }];
    },
  };
}

function heldOrUnknown(held: Held, id: string): HeldRegion {
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
