import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimFile } from '../../../../infra/local/claimed-file.mjs';
import { identifyProcess, isAlive } from '../../../../infra/local/process-identity.mjs';
import type { RecordedProcess } from '../../../../infra/local/processes.mjs';
import { createProcesses } from '../../../../infra/local/processes.mjs';
import { openStateFolder, ownState } from '../../../../infra/local/state-folder.mjs';
import { eventually } from '../../../support/eventually.ts';

let folder: string;
let record: RecordedProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meridian-processes-'));
  record = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open() {
  return createProcesses({ logFolder: folder, record: { read: () => record, write: (list) => void (record = list) } });
}

const ENDING = { stage: 'store', signal: 'SIGTERM', patienceMs: 5_000 } as const;
/** Ends at SIGTERM, unless told to ignore it. */
const sleeper = (name: string, isStubborn = false) => ({
  name,
  command: process.execPath,
  args: ['-e', `${isStubborn ? "process.on('SIGTERM', () => {});" : ''}console.log('up'); setInterval(() => {}, 1000)`],
  ending: ENDING,
});

describe('the processes of a stack', () => {
  it('are found and ended by the next run when theirs was killed', async () => {
    const killed = open();
    const { pid } = killed.start(sleeper('orphan'));
    expect(await open().endLeftovers()).toEqual(['orphan']);
    expect(identifyProcess(pid)).toBeUndefined();
    expect(record).toEqual([]);
  });

  it('are never mistaken for another process that has their number now', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    record = [{ pid: other.pid ?? 0, startedAt: 'another time', name: 'gone', ending: ENDING }];
    expect(await open().endLeftovers()).toEqual([]);
    expect(other.exitCode).toBeNull();
    expect(other.kill('SIGKILL')).toBe(true);
  });

  it('end stage by stage: the product first, the stores last', async () => {
    const processes = open();
    const ended: string[] = [];
    for (const stage of ['store', 'product', 'media'] as const) {
      const running = processes.start({ ...sleeper(stage), ending: { ...ENDING, stage } });
      const identity = identifyProcess(running.pid);
      void eventually(() => expect(identity && isAlive(identity)).toBe(false), { timeoutMs: 10_000, everyMs: 2 }).then(
        () => ended.push(stage),
      );
    }
    await processes.endAll();
    await eventually(() => expect(ended).toEqual(['product', 'media', 'store']));
  });

  it('are killed when they do not obey in time', async () => {
    const processes = open();
    const { pid, logFile } = processes.start({ ...sleeper('stubborn', true), ending: { ...ENDING, patienceMs: 200 } });
    await eventually(async () => expect(await readFile(logFile, 'utf8')).toContain('up'));
    expect(await processes.endAll()).toBe(1);
    expect(identifyProcess(pid)).toBeUndefined();
  });
});

describe('a claimed file', () => {
  it('is ours alone while we live, and another takes it over when we are gone', () => {
    const path = join(folder, 'claim');
    expect(claimFile(path, 'first', () => true)).toBe(true);
    expect(claimFile(path, 'second', () => true)).toBe(false);
    expect(claimFile(path, 'third', (text) => text !== 'first')).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('third');
    expect(readdirSync(folder)).toEqual(['claim']);
  });
});

describe('a state folder', () => {
  it('belongs to one running stack', async () => {
    const state = openStateFolder(join(folder, 'state'));
    const owned = await ownState(state);
    await expect(ownState(state)).rejects.toThrow('running already');
    owned.release();
    await expect(ownState(state)).resolves.toBeDefined();
  });

  it('is not made of a folder with other files, so that --fresh deletes nothing of anybody else', () => {
    open();
    const state = openStateFolder(join(folder, 'mine'));
    state.folder('below');
    expect(() => openStateFolder(folder)).toThrow('neither empty nor a state folder');
  });
});
