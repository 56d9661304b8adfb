import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { FieldError } from '../kernel/app-error.ts';
import { type RegionsDocument, regionsDocumentSchema } from './region-document.ts';
import { fieldFault } from './region-problem.ts';

/** Everything that is wrong with a regions file, by path. Names places and variables, never a value. */
export class RegionsFileError extends Error {
  override readonly name = 'RegionsFileError';
  readonly problems: readonly FieldError[];

  constructor(path: string, problems: readonly FieldError[], cause?: unknown) {
    super(`${path} has ${problems.length} problem(s):\n${problems.map((each) => `  - ${each.path}: ${each.message}`).join('\n')}`, { cause });
    this.problems = problems;
  }
}

export interface RegionsFileOptions {
  readonly path: string;
  /** One environment variable, for `{env: NAME}`. */
  readonly readVariable: (name: string) => string | undefined;
}

/** As for configuration documents over HTTP. */
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_SECRET_BYTES = 64 * 1024;

/**
 * Reads a regions file (YAML, which JSON is too) with its references resolved: `{env: NAME}` is a variable of this
 * process, `{file: PATH}` a file's text without the line break at its end, relative to the regions file.
 * @throws RegionsFileError listing every problem.
 */
export async function readRegionsFile({ path, readVariable }: RegionsFileOptions): Promise<RegionsDocument> {
  const problems: FieldError[] = [];
  const written = parseYaml(path, await readText(path, MAX_FILE_BYTES).catch((error: unknown) => unreadable(path, error)));
  const resolved = await resolveReferences(written, '', { readVariable, folder: dirname(resolve(path)), problems });
  const read = regionsDocumentSchema.safeParse(resolved);
  const faults = read.success ? [] : read.error.issues.map((issue) => fieldFault(issue, ''));
  // A reference that failed leaves a hole, which the schema would complain of once more.
  problems.push(...faults.filter((fault) => !problems.some((problem) => problem.path === fault.path)));
  if (!read.success || problems.length > 0) throw new RegionsFileError(path, problems);
  return read.data;
}

function parseYaml(path: string, text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (!error) return document.toJS({ maxAliasCount: 100 });
  const line = text.slice(0, error.pos[0]).split('\n').length;
  throw new RegionsFileError(path, [{ path: `line ${line}`, message: `is not YAML (${error.code})` }]);
}

async function readText(path: string, maxBytes: number): Promise<string> {
  const { size } = await stat(path);
  if (size > maxBytes) throw new Error(`is larger than ${maxBytes} bytes`);
  return readFile(path, 'utf8');
}

function unreadable(path: string, error: unknown): never {
  throw new RegionsFileError(path, [{ path: 'file', message: reasonOf(error) }], error);
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return `cannot be read (${String(error.code)})`;
  return error instanceof Error ? error.message : 'cannot be read';
}

interface Resolving {
  readonly readVariable: RegionsFileOptions['readVariable'];
  readonly folder: string;
  readonly problems: FieldError[];
}

async function resolveReferences(value: unknown, path: string, context: Resolving): Promise<unknown> {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return Promise.all(value.map((item, index) => resolveReferences(item, join(path, String(index)), context)));
  }
  const entries = Object.entries(value);
  const [name, target] = entries.length === 1 ? (entries[0] ?? []) : [];
  if ((name === 'env' || name === 'file') && typeof target === 'string') return resolveOne(name, target, path, context);
  const members = entries.map(async ([key, member]) => [key, await resolveReferences(member, join(path, key), context)] as const);
  return Object.fromEntries(await Promise.all(members));
}

async function resolveOne(kind: 'env' | 'file', target: string, path: string, { readVariable, folder, problems }: Resolving): Promise<string | undefined> {
  if (kind === 'env') {
    const value = readVariable(target);
    if (value === undefined || value === '') problems.push({ path, message: `the environment variable ${target} is not set` });
    return value;
  }
  try {
    return (await readText(resolve(folder, target), MAX_SECRET_BYTES)).replace(/\r?\n$/, '');
  } catch (error) {
    problems.push({ path, message: `the file ${target} ${reasonOf(error)}` });
    return undefined;
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
