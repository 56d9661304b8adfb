import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inRepository, listFiles, listPages, proseOf } from './document-tree.ts';

const LINK = /\]\(([^)\s]+)\)/g;

/** Where the page's links to this repository lead, relative to its root. */
function targetsOf(page: string): string[] {
  return [...proseOf(page).matchAll(LINK)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target) && !target.startsWith('#'))
    .map((target) => join(dirname(page), target.split('#', 1)[0] ?? ''));
}

describe('the pages', () => {
  const pages = listPages();

  it.each(pages)('%s links only to what exists', (page) => {
    expect(targetsOf(page).filter((target) => !existsSync(inRepository(target)))).toEqual([]);
  });

  it('can each be reached from the readme by following links', () => {
    const seen = new Set(['README.md']);
    const queue = ['README.md'];
    for (let page = queue.shift(); page !== undefined; page = queue.shift()) {
      for (const target of targetsOf(page)) {
        const reached = pages.includes(target) ? [target] : listOf(target);
        for (const each of reached.filter((path) => !seen.has(path))) {
          seen.add(each);
          queue.push(each);
        }
      }
    }
    expect(pages.filter((page) => !seen.has(page) && !['CONTRIBUTING.md'].includes(page))).toEqual([]);
  });

  /** A link to a folder shows its pages. */
  function listOf(target: string): string[] {
    return target.startsWith('docs/') && !/\.\w+$/.test(target) ? listFiles(target, '.md') : [];
  }
});
