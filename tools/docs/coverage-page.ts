import { COVERAGE, type CoverageGroup, type CoverageRow } from './coverage-rows.ts';
import { testsById } from './test-titles.ts';

const HEAD = `# Coverage

What Meridian promises, behaviour by behaviour: the test that proves it, and the code that does it. A test carries the id of its row in its title, so \`npx vitest run --project api -t S4-15\` runs what proves a row in one suite. Rows marked *later* come in a later release; some of them are begun, and then their tests are named too.

The tests are found by \`npm run docs:coverage\`, which writes this page; a test of its own holds that what stands here exists.
`;

/** The page, with the tests that carry each id now. */
export function coveragePage(): string {
  const tests = testsById();
  return [HEAD, ...COVERAGE.map((group) => section(group, tests))].join('\n');
}

function section({ title, rows }: CoverageGroup, tests: ReadonlyMap<string, readonly string[]>): string {
  const lines = rows.map((row) => line(row, tests.get(row.id) ?? []));
  return [`## ${title}`, '', '| row | behaviour | tests | code |', '| --- | --- | --- | --- |', ...lines, ''].join('\n');
}

function line({ id, behaviour, part, code }: CoverageRow, tests: readonly string[]): string {
  const told = part === undefined ? behaviour : `${behaviour} (*now: ${part}*)`;
  const places = code?.map((path) => link(`src/${path}`, path)).join('<br>') ?? '*later*';
  return `| ${id} | ${told} | ${tests.map((path) => link(path, path.slice('test/'.length))).join('<br>')} | ${places} |`;
}

function link(path: string, text: string): string {
  return `[${text}](../${path})`;
}
