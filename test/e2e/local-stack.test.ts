import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identifyProcess } from '../../infra/local/process-identity.mjs';
import { createPortRegister } from '../../infra/local/ports.mjs';
import { removePostgresHome } from '../../infra/local/services/postgres-home.mjs';
import { eventually } from '../support/eventually.ts';

const START = fileURLToPath(new URL('../../infra/local/start.mjs', import.meta.url));
const READY_TIMEOUT_MS = 60_000;

let state: string;
let port: number;
let stacks: ChildProcess[];
beforeEach(async () => {
  state = join(mkdtempSync(join(tmpdir(), 'meridian-stack-')), 'state');
  port = await createPortRegister({ read: () => undefined, write: () => {} }).take('api');
  stacks = [];
});
afterEach(async () => {
  for (const stack of stacks) stack.kill('SIGTERM');
  await Promise.all(stacks.map(untilGone));
  for (const name of ['state', 'second']) removePostgresHome(join(state, '..', name));
  rmSync(join(state, '..'), { recursive: true, force: true });
});

interface LocalFile {
  readonly apiUrls: readonly string[];
  readonly tenantKey: string;
  readonly opsKey: string;
  readonly parts: Record<string, string>;
  readonly pids: { readonly api: readonly number[]; readonly worker: number; readonly regions: Record<string, object> };
}

function start(...flags: string[]): { stack: ChildProcess; printed: () => string } {
  const stack = spawn(process.execPath, [START, '--state', state, '--port', String(port), ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  stacks.push(stack);
  let text = '';
  for (const stream of [stack.stdout, stack.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { stack, printed: () => text };
}

function untilGone(stack: ChildProcess): Promise<number | null> {
  if (stack.exitCode !== null || stack.signalCode !== null) return Promise.resolve(stack.exitCode);
  return new Promise((resolve) => stack.once('close', resolve));
}

async function untilReady(): Promise<LocalFile> {
  const file = join(state, 'local.json');
  return eventually(() => JSON.parse(readFileSync(file, 'utf8')) as LocalFile, { timeoutMs: READY_TIMEOUT_MS });
}

/** Every process id in the file, wherever it stands. */
function listPids(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(listPids) : [];
}

const call = (local: LocalFile, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${local.apiUrls[0]}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${local.tenantKey}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(10_000),
  });

describe('npm start', () => {
  it('shows the main job with --once, a real client included, and leaves nothing running', async () => {
    const { stack, printed } = start('--once');
    const seen = untilReady();
    expect(await untilGone(stack), printed()).toBe(0);
    expect(printed()).toContain('every step held');
    expect(printed()).toMatch(/Anna in Germany → eu-fra/);
    expect(printed()).toMatch(/Ben in the United States → us-iad/);
    expect(printed()).toContain('a real client entered with the token');
    expect(listPids((await seen).pids).filter((pid) => identifyProcess(pid) !== undefined)).toEqual([]);
    expect(existsSync(join(state, 'local.json'))).toBe(false);
  });

  it('comes back with its data after a kill -9, ending what that left behind', async () => {
    const first = start('--replicas', '2');
    const before = await untilReady();
    expect(statSync(join(state, 'local.json')).mode & 0o777).toBe(0o600);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(before.apiUrls).toHaveLength(2);
    expect(before.pids.api).not.toContain(before.pids.worker);
    const created = await call(before, '/v1/rooms', { method: 'POST', body: JSON.stringify({ name: 'kept' }) });
    const room = (await created.json()) as { id: string };
    expect(created.status).toBe(201);
    first.stack.kill('SIGKILL');
    await untilGone(first.stack);
    rmSync(join(state, 'local.json'));

    const second = start();
    const after = await untilReady();
    expect(second.printed()).toContain('a former run was killed');
    expect(listPids(before.pids).filter((pid) => identifyProcess(pid) !== undefined)).toEqual([]);
    expect(after.tenantKey).toBe(before.tenantKey);
    expect((await call(after, `/v1/rooms/${room.id}`)).status).toBe(200);
    second.stack.kill('SIGINT');
    expect(await untilGone(second.stack), second.printed()).toBe(0);
    expect(listPids(after.pids).filter((pid) => identifyProcess(pid) !== undefined)).toEqual([]);
  });

  it('says that a real client cannot be shown under the simulator, and holds', async () => {
    const { stack, printed } = start('--once', '--simulate');
    expect(await untilGone(stack), printed()).toBe(0);
    expect(printed()).toContain('cannot be shown');
  });

  it('runs beside another stack, and names a port that is taken', async () => {
    const first = start('--simulate');
    await untilReady();
    const [firstState, taken] = [state, port];
    state = join(state, '..', 'second');
    const refused = start('--simulate', '--once');
    expect(await untilGone(refused.stack)).toBe(1);
    expect(refused.printed()).toContain(`port ${taken} is taken`);
    port = await createPortRegister({ read: () => undefined, write: () => {} }).take('api');
    const second = start('--simulate', '--once');
    expect(await untilGone(second.stack), second.printed()).toBe(0);
    expect(first.stack.exitCode).toBeNull();
    expect(existsSync(join(firstState, 'local.json'))).toBe(true);
  });
});
