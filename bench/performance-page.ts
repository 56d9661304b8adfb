import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';

const PAGE = new URL('../docs/performance.md', import.meta.url);

/** Words for the machine that the figures are from. */
function machine(): string {
  const [cpu] = cpus();
  return `${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}

/** Prints the figures of one benchmark; with `write` they also go between its two marks in docs/performance.md. */
export function report(name: string, figures: Readonly<Record<string, string>>, { write }: { readonly write: boolean }): void {
  const heading = `${machine()}; load average ${loadavg().map((load) => load.toFixed(1)).join(', ')} at the end`;
  console.log(heading);
  for (const [figure, value] of Object.entries(figures)) console.log(`${figure}: ${value.replaceAll('**', '')}`);
  if (write) writeSection(name, heading, figures);
}

function writeSection(name: string, heading: string, figures: Readonly<Record<string, string>>): void {
  const begin = `<!-- figures of ${name} -->`;
  const end = `<!-- end of ${name} -->`;
  const page = readFileSync(PAGE, 'utf8');
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for the figures of ${name}`);
  const rows = Object.entries(figures).map(([figure, value]) => `| ${figure} | ${value} |`);
  const table = ['', `${heading}.`, '', '| figure | measured |', '| --- | --- |', ...rows, ''].join('\n');
  writeFileSync(PAGE, `${page.slice(0, from + begin.length)}\n${table}\n${page.slice(to)}`);
}
