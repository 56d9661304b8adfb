import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { type BenchProcess, startBenchStack } from './bench-stack.ts';
import type { Load, Measured } from './load-generator.ts';
import { report } from './performance-page.ts';
import { cpuSeconds } from './process-status.ts';

// A join of a live room, on its full way (credential, room, policy, session, grants, signature, grant log), against a
// bare handler that only signs a token, on the same server factory and middleware. Both are processes of the built
// program; they are measured in turns, so that a busy machine slows both alike, and compared round by round.
// Run: npm run build && npm run bench:join [-- --rounds 7 --seconds 4 --write]

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '4' }, write: { type: 'boolean', default: false }, profile: { type: 'string' } } });
const ROUNDS = Number(values.rounds);
const SECONDS = Number(values.seconds);
const CONNECTIONS = 32;
const WARM_UP_SECONDS = 3;
const GENERATOR = fileURLToPath(new URL('./load-generator.ts', import.meta.url));
const run = promisify(execFile);

/** What the load saw, and what the server's processor time gave: the latter hardly depends on who else is busy. */
interface Sample extends Measured {
  readonly perCpuSecond: number;
}

async function load(server: BenchProcess, request: string, seconds: number): Promise<Sample> {
  const load: Load = { port: server.port, request, connections: CONNECTIONS, seconds };
  const before = cpuSeconds(server.pid);
  const { stdout } = await run(process.execPath, ['--import', 'tsx', GENERATOR, JSON.stringify(load)]);
  const measured = JSON.parse(stdout) as Measured;
  if (measured.failed > 0) throw new Error(`${measured.failed} answers were no success`);
  return { ...measured, perCpuSecond: measured.answers / (cpuSeconds(server.pid) - before) };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

interface Round {
  readonly product: Sample;
  readonly bare: Sample;
}

/** Each round begins with the other one. */
async function measureRound(index: number, product: () => Promise<Sample>, bare: () => Promise<Sample>): Promise<Round> {
  if (index % 2 === 0) return { product: await product(), bare: await bare() };
  const first = await bare();
  return { bare: first, product: await product() };
}

function figures(rounds: readonly Round[]): Record<string, string> {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const compare = (pick: (sample: Sample) => number): string => {
    const ratios = rounds.map(({ product, bare }) => pick(product) / pick(bare));
    return `**${median(ratios).toFixed(2)}** (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} in ${ratios.length} rounds)`;
  };
  const both = (pick: (sample: Sample) => number, digits: number): string => `${of(({ product }) => pick(product)).toFixed(digits)}, ${of(({ bare }) => pick(bare)).toFixed(digits)}`;
  return {
    'joins a second, bare handler a second': both(({ perSecond }) => perSecond, 0),
    'ratio (goal ≥ 0.7, never under 0.5)': compare(({ perSecond }) => perSecond),
    'the same for each second of the server’s processor time': both(({ perCpuSecond }) => perCpuSecond, 0),
    'ratio by processor time': compare(({ perCpuSecond }) => perCpuSecond),
    'p50 of a join and of the bare handler, ms': both(({ p50Ms }) => p50Ms, 2),
    'p99 of a join and of the bare handler, ms': both(({ p99Ms }) => p99Ms, 2),
    'p99 ratio (goal ≤ 2)': compare(({ p99Ms }) => p99Ms),
  };
}

const stack = await startBenchStack();
try {
  const product = await stack.startProduct({}, values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]);
  const bare = await stack.startBare();
  const room = await stack.makeLiveRoom(product.port);
  const body = JSON.stringify({ identity: 'ada', displayName: 'Ada', attributes: { team: 'blue' } });
  const request = `POST /v1/rooms/${room}/join HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${stack.tenantKey}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  for (const server of [product, bare]) await load(server, request, WARM_UP_SECONDS);
  const rounds: Round[] = [];
  for (let index = 0; index < ROUNDS; index += 1) {
    const round = await measureRound(index, () => load(product, request, SECONDS), () => load(bare, request, SECONDS));
    rounds.push(round);
    console.log(`round ${index + 1}: join ${round.product.perSecond.toFixed(0)}/s p99 ${round.product.p99Ms.toFixed(2)} ms · bare ${round.bare.perSecond.toFixed(0)}/s p99 ${round.bare.p99Ms.toFixed(2)} ms · ratio ${(round.product.perSecond / round.bare.perSecond).toFixed(2)}, by processor time ${(round.product.perCpuSecond / round.bare.perCpuSecond).toFixed(2)}`);
  }
  report('join', figures(rounds), values);
  await product.end();
  await bare.end();
} finally {
  await stack.close();
}
