import { parseStartArguments } from './arguments.mjs';
import { ensureBuilt } from './building.mjs';
import { shortPath } from './checkout.mjs';
import { endCommands } from './command.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { describeFailure } from './failure.mjs';
import { watchForInterruption } from './interruption.mjs';
import { LOCAL_FILE, describeStack } from './local-json.mjs';
import { bold, dim, formatDuration, green, print, printHeading, printLine, red, withProgress } from './output.mjs';
import { findParts, listStandIns, printParts } from './parts/finding.mjs';
import { createPortRegister, requireFreePort } from './ports.mjs';
import { createProcesses } from './processes.mjs';
import { removeOrphanedHomes, removePostgresHome } from './services/postgres-home.mjs';
import { startStack } from './stack.mjs';
import { openStateFolder, ownState } from './state-folder.mjs';

/** @typedef {import('./arguments.mjs').StartArguments} StartArguments */
/** @typedef {import('./state-folder.mjs').StateFolder} StateFolder */
/** @typedef {import('./processes.mjs').Processes} Processes */

/** What a state folder remembers from one run to the next, besides the data of Postgres. */
const KEPT = ['secrets.json', 'ports.json', 'regions.yaml', 'simulator.json', 'regions', 'redis', 'logs'];

/**
 * What the parts of a run share.
 * @typedef {{flags: StartArguments, state: StateFolder, processes: Processes, isReady: boolean}} Run
 */

const interruption = watchForInterruption();
process.exitCode = await main().catch((error) => {
  print(red(describeFailure(error)));
  return 1;
});
interruption.stopWatching();
process.exit();

/** @returns {Promise<number>} the exit code */
async function main() {
  const flags = parseStartArguments(process.argv.slice(2), process.env);
  const state = openStateFolder(flags.stateFolder);
  const owned = await ownState(state);
  const processes = createStateProcesses(state);
  process.once('exit', () => processes.killAllNow());
  /** @type {Run} */
  const run = { flags, state, processes, isReady: false };
  try {
    const work = bringUpAndShow(run);
    const outcome = await Promise.race([work, interruption.happened]);
    if (typeof outcome === 'number') return outcome;
    // What the interrupted work complains of from now on is of no interest.
    work.catch(() => undefined);
    print();
    print(`  ${outcome.why}: ending`);
    return run.isReady ? 0 : outcome.exitCode;
  } catch (error) {
    print(red(describeFailure(error)));
    return 1;
  } finally {
    await end(run);
    owned.release();
  }
}

/** @param {Run} run @returns {Promise<number>} the exit code; unsettled while the stack is to stay up */
async function bringUpAndShow(run) {
  const { flags, state, processes } = run;
  const startedAt = performance.now();
  printHeading('Meridian, local stack', `state in ${shortPath(state.path)}`);
  await tidy(run);
  for (let replica = 0; replica < flags.replicas; replica += 1) await requireFreePort(flags.port + replica, 'the API');
  await ensureDependencies();
  await ensureBuilt();
  const parts = findParts(process.env, { simulate: flags.simulate, stateFolder: state.path });
  printParts(parts);
  const ports = createPortRegister({
    read: () => state.read('ports.json'),
    write: (list) => state.write('ports.json', list),
  });
  const { result: stack } = await withProgress('stack', 'starting', () =>
    startStack({ flags, environment: process.env, parts, state, processes, ports }),
  );
  state.write(LOCAL_FILE, describeStack(stack));
  run.isReady = true;
  printLine(
    'ready',
    `${bold(stack.apiUrls.join('  '))}  ${green(`in ${formatDuration(performance.now() - startedAt)}`)}`,
  );
  const held = await (await import('./show/show.mjs')).showMainJob(stack);
  printAfterShow(flags, state, parts, held);
  if (flags.once) return held ? 0 : 1;
  return new Promise(() => undefined);
}

/** Ends what a killed run left, and forgets everything when asked to. @param {Run} run */
async function tidy({ flags, state, processes }) {
  // First of all: nobody shall take the addresses of a killed run for ours while its processes are ended.
  state.remove(LOCAL_FILE);
  const leftovers = await processes.endLeftovers();
  if (leftovers.length > 0) printLine('leftovers', `ended ${leftovers.join(', ')}`, 'a former run was killed');
  removeOrphanedHomes();
  // As root the data lie elsewhere and may be those of a state that was removed: without its secrets they are of no use.
  const isNew = state.read('secrets.json') === undefined;
  if (flags.fresh || isNew) removePostgresHome(state.path);
  if (!flags.fresh) return;
  for (const name of KEPT) state.remove(name);
  printLine('fresh', 'the state is forgotten');
}

/** @param {StateFolder} state */
function createStateProcesses(state) {
  return createProcesses({
    logFolder: state.folder('logs'),
    record: { read: () => state.read('processes.json'), write: (list) => state.write('processes.json', list) },
    onUnexpectedEnd: ({ name, logFile }, how) =>
      print(`  ${red('!')} ${name} ${how}; its log is ${shortPath(logFile)}`),
  });
}

/**
 * @param {StartArguments} flags
 * @param {StateFolder} state
 * @param {import('./parts/finding.mjs').Parts} parts
 * @param {boolean} held
 */
function printAfterShow(flags, state, parts, held) {
  print();
  print(held ? `  ${green('every step held')}` : `  ${red('not every step held')}`);
  const missing = listStandIns(parts).filter(() => !flags.simulate);
  if (missing.length > 0) print(`  ${dim(`npm run parts would add: ${missing.map(({ name }) => name).join(', ')}`)}`);
  if (flags.once) return;
  print(
    `  ${dim(`keys and addresses: ${shortPath(state.file(LOCAL_FILE))} · logs: ${shortPath(state.file('logs'))} · Ctrl-C ends everything`)}`,
  );
}

/** @param {Run} run */
async function end({ state, processes }) {
  const startedAt = performance.now();
  state.remove(LOCAL_FILE);
  endCommands();
  const count = await processes.endAll({ isForced: interruption.isForced });
  if (count > 0)
    printLine(
      'ended',
      `${count === 1 ? 'one process' : `${count} processes`} in ${formatDuration(performance.now() - startedAt)}`,
    );
}
