import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TESTS = new URL('../../test/', import.meta.url);
/** The title of a suite or a test, in whatever quotes. */
const TITLE = /\b(?:describe|it|test)\b[^\n'"`]*?\(\s*(['"`])((?:(?!\1)[^\\]|\\.)*)\1/g;
/** A title that begins with its ids, wherever it stands: after a table of `.each`, for one. */
const MARKED = /['"`]((?:(?:S[0-4]|B)-\d\d )+)/g;
const ID = /\b(?:S[0-4]|B)-\d\d\b/g;

/** Which test files carry an id of a coverage row in a title: paths relative to the repository, in order. */
export function testsById(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const path of listTestFiles()) {
    for (const id of new Set(idsIn(path))) found.set(id, [...(found.get(id) ?? []), path]);
  }
  return found;
}

function listTestFiles(): string[] {
  const root = fileURLToPath(TESTS);
  return readdirSync(root, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name}`)
    .sort();
}

function idsIn(path: string): string[] {
  const text = readFileSync(new URL(`../${path}`, TESTS), 'utf8');
  const titles = [...text.matchAll(TITLE)].map(([, , title = '']) => title);
  const marks = [...text.matchAll(MARKED)].map(([, ids = '']) => ids);
  return [...titles, ...marks].flatMap((title) => title.match(ID) ?? []);
}
