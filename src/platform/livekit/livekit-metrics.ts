import { isLivekitFailure, troubleBefore } from './livekit-failure.ts';

/** A LiveKit server's page of metrics is about 100 kB. */
const MAX_BYTES = 4 * 1024 * 1024;
const CPU_SECONDS = /^process_cpu_seconds_total(?:\{[^}\n]*\})? ([0-9.eE+]+)/m;
const METHOD = 'GetMetrics';

/**
 * CPU seconds that a LiveKit server (or recorder) has used since it started, from its Prometheus page: LiveKit has no
 * gauge of its CPU load, so the rate of this counter stands for it.
 * @throws LivekitFailure of kind `trouble`.
 */
export async function readCpuSeconds(url: string, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<number> {
  const page = await readPage(url, AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]));
  const seconds = Number(CPU_SECONDS.exec(page)?.[1]);
  if (Number.isFinite(seconds)) return seconds;
  throw troubleBefore(METHOD, 'unreadable', 'the page holds no process_cpu_seconds_total');
}

async function readPage(url: string, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(url, { signal, redirect: 'error' });
    if (!response.ok || response.body === null) throw troubleBefore(METHOD, 'status', `answered ${response.status}`);
    return await readBounded(response.body);
  } catch (error) {
    if (isLivekitFailure(error)) throw error;
    throw troubleBefore(METHOD, 'network', 'the page cannot be read', error);
  }
}

async function readBounded(body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw troubleBefore(METHOD, 'too_large', `answered more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
