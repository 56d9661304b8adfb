import { describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../../src/kernel/error-codes.ts';
import { STATUS_OF_KIND } from '../../../src/platform/http/problem.ts';
import { listFiles, readDocument } from './document-tree.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];
const SECTIONS = ['What happened', 'How it looks', 'What you can change', 'What operations look at'];

function pageOf(code: ErrorCode): string {
  return readDocument(`docs/errors/${code}.md`);
}

describe('the pages of problem codes', () => {
  it('every code has its page, and no page is left over', () => {
    expect(listFiles('docs/errors', '.md')).toEqual(CODES.map((code) => `docs/errors/${code}.md`).sort());
  });

  it.each(CODES)('%s says its status, its title and what to do', (code) => {
    const page = pageOf(code);
    const { kind, title } = ERROR_CODES[code];
    expect(page.startsWith(`# \`${code}\`\n`)).toBe(true);
    expect(page).toContain(`**Status ${STATUS_OF_KIND[kind]}** · ${title}`);
    expect([...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(SECTIONS);
  });

  it.each(CODES)('%s shows a problem document as the API writes it', (code) => {
    const example: unknown = JSON.parse(/```json\n([\s\S]+?)\n```/.exec(pageOf(code))?.[1] ?? '');
    const { kind, title } = ERROR_CODES[code];
    expect(example).toMatchObject({
      type: `https://meet.example/docs/errors/${code}`,
      title,
      status: STATUS_OF_KIND[kind],
      detail: expect.any(String),
      instance: expect.stringMatching(/^urn:request:[0-9a-f-]{36}$/),
      code,
    });
  });
});
