import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../infra/local/show/real-client.mjs', import.meta.url));
const MARK = 'meridian-client ';
/** A join of a node that has just crashed takes LiveKit 5 s; one that hangs takes 16 s. */
const ENTER_TIMEOUT_MS = 25_000;
const LEAVE_TIMEOUT_MS = 5_000;

/** A real LiveKit client in a process of its own, since its native part may hang. */
export interface RealClient {
  readonly room: string;
  readonly identity: string;
  leave(): Promise<void>;
  /** Ends it without a word to LiveKit, so that it cannot come back by itself. */
  kill(): Promise<void>;
}

export interface Turned {
  /** What LiveKit said to a client that it did not let in. */
  readonly refusal: string;
}

/** Enters with a token, or is turned away. @throws Error when neither happens in time. */
export async function enter(serverUrl: string, token: string): Promise<RealClient | Turned> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify({ serverUrl, token })], { stdio: ['pipe', 'pipe', 'ignore'] });
  const said = await firstWord(child);
  if (said['entered'] !== true) {
    await end(child);
    return { refusal: String(said['reason']) };
  }
  return { room: String(said['room']), identity: String(said['identity']), leave: () => end(child), kill: () => end(child, 'SIGKILL') };
}

/** @throws Error with LiveKit's refusal. */
export async function enterOrThrow(serverUrl: string, token: string): Promise<RealClient> {
  const client = await enter(serverUrl, token);
  if ('refusal' in client) throw new Error(`the client was turned away: ${client.refusal}`);
  return client;
}

async function firstWord(child: ChildProcess): Promise<Record<string, unknown>> {
  const timer = setTimeout(() => child.kill('SIGKILL'), ENTER_TIMEOUT_MS);
  try {
    // The library prints lines of its own.
    for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
      if (line.startsWith(MARK)) return JSON.parse(line.slice(MARK.length));
    }
    throw new Error('the client ended, or was ended after its time, without a word');
  } finally {
    clearTimeout(timer);
  }
}

async function end(child: ChildProcess, signal?: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), LEAVE_TIMEOUT_MS);
  child.stdout?.resume();
  if (signal) child.kill(signal);
  else child.stdin?.end();
  await ended;
  clearTimeout(timer);
}
