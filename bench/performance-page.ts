import { readFileSync, writeFileSync } from 'node:fs';

const PAGE = new URL('../docs/performance.md', import.meta.url);

/** Writes the figures of one benchmark between its two marks in docs/performance.md. */
export function writeSection(name: string, { machine, figures }: { readonly machine: string; readonly figures: Readonly<Record<string, string>> }): void {
  const begin = `<!-- figures of ${name} -->`;
  const end = `<!-- end of ${name} -->`;
  const page = readFileSync(PAGE, 'utf8');
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for the figures of ${name}`);
  const rows = Object.entries(figures).map(([figure, value]) => `| ${figure} | ${value} |`);
  const table = ['', `${machine}.`, '', '| figure | measured |', '| --- | --- |', ...rows, ''].join('\n');
  writeFileSync(PAGE, `${page.slice(0, from + begin.length)}\n${table}\n${page.slice(to)}`);
}
