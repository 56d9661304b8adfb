import { isDeepStrictEqual } from 'node:util';
import type { RegionConfig } from './region-config.ts';
import type { AdminState } from './region.ts';

/** One region's part of a revision; `fields` are paths in the document, of secrets too, never values. */
export interface RegionChange {
  readonly region: string;
  readonly change: 'added' | 'changed' | 'removed';
  readonly fields: readonly string[];
}

export interface DiffSide extends RegionConfig {
  readonly adminState: AdminState;
}

/** What changes from one side to the other; undefined when nothing does. */
export function diffRegion(id: string, before: DiffSide | undefined, after: DiffSide | undefined): RegionChange | undefined {
  if (before === undefined) return after && { region: id, change: 'added', fields: [] };
  if (after === undefined) return { region: id, change: 'removed', fields: [] };
  const fields = [
    ...changedPaths(before.document, after.document, ''),
    ...changedSecrets(before.secrets, after.secrets),
    ...(before.adminState === after.adminState ? [] : ['state']),
  ];
  return fields.length === 0 ? undefined : { region: id, change: 'changed', fields: [...new Set(fields)].sort() };
}

function changedPaths(before: unknown, after: unknown, path: string): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [path];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => changedPaths(before[name], after[name], path === '' ? name : `${path}.${name}`));
}

function changedSecrets(before: RegionConfig['secrets'], after: RegionConfig['secrets']): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].filter((path) => before[path] !== after[path]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
