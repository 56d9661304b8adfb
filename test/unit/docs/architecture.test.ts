import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { inRepository, readDocument } from './document-tree.ts';

const MADE_BY_THE_BUILD = new Set(['src/generated/']);

function foldersUnder(folder: string): string[] {
  return readdirSync(inRepository(folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${folder}${name}/`)
    .filter((path) => !MADE_BY_THE_BUILD.has(path));
}

function wordsOf(list: string): string {
  return list.split(',').map((word) => word.trim()).filter((word) => word !== '–' && word !== 'nobody').sort().join(' ');
}

/** The rules of `npm run check:floors`, each of which says in its comment what it allows. */
function doorRules(): string[] {
  const config = createRequire(import.meta.url)(inRepository('.dependency-cruiser.cjs')) as { forbidden: { name: string; comment?: string }[] };
  return config.forbidden
    .filter(({ name }) => name.startsWith('door-of-'))
    .map(({ name, comment = '' }) => `${name.slice('door-of-'.length)}: ${wordsOf(comment.split(':')[1] ?? '')}`);
}

describe('docs/architecture.md', () => {
  const text = readDocument('docs/architecture.md');
  const named = [...text.matchAll(/^\| `([\w./-]+\/)` \|/gm)].map(([, path = '']) => path);

  it('names only folders that exist, each once', () => {
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((path) => !existsSync(inRepository(path)))).toEqual([]);
    expect(new Set(named).size).toBe(named.length);
  });

  it.each(['src/', 'src/platform/', 'test/', 'tools/', 'docs/'])('names every folder of %s', (folder) => {
    expect(named).toEqual(expect.arrayContaining(foldersUnder(folder)));
  });

  it('tells of each module the doors that the check of floors lets it use', () => {
    const table = text.slice(text.indexOf('| module |')).split('\n\n', 1)[0] ?? '';
    const told = [...table.matchAll(/^\| (?!module)(\w+) \| [^|]+ \| ([\w, –]+) \|$/gm)].map(([, module = '', uses = '']) => `${module}: ${wordsOf(uses)}`);
    expect(told.sort()).toEqual(doorRules().sort());
  });

  it('names only files that exist', () => {
    const files = [...text.matchAll(/`([\w/-]+\.ts)`/g)].map(([, path = '']) => path);
    const tree = readdirSync(inRepository('src'), { recursive: true }).map(String);
    const absent = files.filter((path) => !tree.some((each) => each === path || each.endsWith(`/${path}`)));
    expect(absent).toEqual([]);
  });
});
