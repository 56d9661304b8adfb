import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COVERAGE } from '../../../tools/docs/coverage-rows.ts';
import { testsById } from '../../../tools/docs/test-titles.ts';
import { inRepository, readDocument } from './document-tree.ts';

interface Row {
  readonly id: string;
  readonly tests: readonly string[];
  readonly code: readonly string[];
  readonly isLater: boolean;
}

const LINE = /^\| ((?:S[0-4]|B)-\d\d) \| (?:[^|]+) \| ([^|]*) \| ([^|]+) \|$/gm;

function linksOf(cell: string): string[] {
  return [...cell.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, path = '']) => path);
}

function rowsOf(page: string): Row[] {
  return [...page.matchAll(LINE)].map(([, id = '', tests = '', code = '']) => ({
    id, tests: linksOf(tests), code: linksOf(code), isLater: code === '*later*',
  }));
}

/** S0-01 … S0-20 and so on: how many rows each group has. */
const SIZES = { S0: 20, S1: 9, S2: 14, S3: 12, S4: 20, B: 25 };
const ALL_IDS = Object.entries(SIZES).flatMap(([group, size]) =>
  Array.from({ length: size }, (_, index) => `${group}-${String(index + 1).padStart(2, '0')}`),
);

describe('docs/coverage.md', () => {
  const rows = rowsOf(readDocument('docs/coverage.md'));
  const done = rows.filter(({ isLater }) => !isLater);
  const carried = testsById();

  it('has every row, once, in order', () => {
    expect(rows.map(({ id }) => id)).toEqual(ALL_IDS);
    expect(COVERAGE.flatMap(({ rows: each }) => each.map(({ id }) => id))).toEqual(ALL_IDS);
  });

  it.each(done)('$id names its tests and its code', ({ id, tests, code }) => {
    expect(tests.length).toBeGreaterThan(0);
    expect(code.length).toBeGreaterThan(0);
    expect(tests.filter((path) => !carried.get(id)?.includes(path))).toEqual([]);
    expect(code.filter((path) => !existsSync(inRepository(path)))).toEqual([]);
  });

  it('counts as done what the rows say, and nothing that has no code', () => {
    const said = COVERAGE.flatMap(({ rows: each }) => each).filter(({ code }) => code !== undefined);
    expect(done.map(({ id }) => id)).toEqual(said.map(({ id }) => id));
  });

  it('knows every id that a test carries', () => {
    expect([...carried.keys()].filter((id) => !ALL_IDS.includes(id))).toEqual([]);
  });
});
