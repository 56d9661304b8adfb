import { describe, expect, it } from 'vitest';
import { listFiles, readDocument } from './document-tree.ts';

const LINE = /^\| `(error|warn)` \| `([^`]+)` \|/gm;

describe('docs/operations/logs.md', () => {
  const told = [...readDocument('docs/operations/logs.md').matchAll(LINE)].map(([, level = '', text = '']) => ({ level, text }));
  const code = listFiles('src', '.ts').map(readDocument).join('\n');

  it('tells enough lines to be of use', () => {
    expect(told.length).toBeGreaterThan(10);
  });

  it.each(told)('"$text" is written by the code, at level $level', ({ level, text }) => {
    const at = code.indexOf(`'${text}'`);
    expect(at).toBeGreaterThan(0);
    const levels = code.slice(0, at).match(/\.(?:debug|info|warn|error)(?=\()/g);
    expect(levels?.at(-1)).toBe(`.${level}`);
  });
});
