import net from 'node:net';
import { performance } from 'node:perf_hooks';

/** What one load run does: the same request over and over on kept-alive connections, each waiting for its answer. */
export interface Load {
  readonly port: number;
  readonly request: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface Measured {
  readonly answers: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were no success. */
  readonly failed: number;
}

const HEAD_END = '\r\n\r\n';
const LENGTH = /content-length: (\d+)/i;
/** The first of the latencies belong to connections being made. */
const SKIPPED_SHARE = 0.02;

async function run({ port, request, connections, seconds }: Load): Promise<Measured> {
  const latencies: number[] = [];
  let failed = 0;
  const started = performance.now();
  const ends = started + seconds * 1000;

  function drive(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
      let pending = '';
      let sentAt = 0;
      const send = (): void => {
        sentAt = performance.now();
        socket.write(request);
      };
      socket.once('connect', send).once('error', reject).once('close', () => resolve());
      socket.on('data', (chunk) => {
        pending += chunk.toString('latin1');
        const head = pending.indexOf(HEAD_END);
        if (head < 0) return;
        const length = Number(LENGTH.exec(pending)?.[1] ?? 0);
        if (pending.length < head + HEAD_END.length + length) return;
        latencies.push(performance.now() - sentAt);
        if (!pending.startsWith('HTTP/1.1 2')) failed += 1;
        pending = '';
        if (performance.now() < ends) send();
        else socket.end();
      });
    });
  }

  await Promise.all(Array.from({ length: connections }, drive));
  const perSecond = (latencies.length * 1000) / (performance.now() - started);
  const sorted = latencies.slice(Math.floor(latencies.length * SKIPPED_SHARE)).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { answers: latencies.length, perSecond, p50Ms: at(0.5), p99Ms: at(0.99), failed };
}

const measured = await run(JSON.parse(process.argv[2] ?? '{}') as Load);
process.stdout.write(JSON.stringify(measured));
