import { describe, expect, it } from 'vitest';
import { listFiles, readDocument } from './document-tree.ts';

const MADE = /\b\w*metrics\.(?:counter|gauge|histogram)\('(\w+)'/g;
const TOLD = /^\| `(meridian_\w+)` \|/gm;

function madeInCode(): string[] {
  const names = listFiles('src', '.ts').flatMap((path) => [...readDocument(path).matchAll(MADE)].map(([, name]) => `meridian_${name}`));
  return [...new Set(names)].sort();
}

describe('docs/operations/metrics.md', () => {
  it('tells every metric that the code makes, once, and no other', () => {
    const told = [...readDocument('docs/operations/metrics.md').matchAll(TOLD)].map(([, name]) => name);
    expect(madeInCode().length).toBeGreaterThan(10);
    expect(told.sort()).toEqual(madeInCode());
  });
});
