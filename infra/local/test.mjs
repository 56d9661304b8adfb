import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { inCheckout } from './checkout.mjs';
import { endCommands } from './command.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { describeFailure } from './failure.mjs';
import { bold, formatDuration, green, print, printHeading, printLine, red } from './output.mjs';
import { findParts, listStandIns, printParts } from './parts/finding.mjs';
import { obtainMissingParts } from './parts/obtaining-all.mjs';
import { runCheck, runSuite } from './test-steps.mjs';

/** From the fastest to the slowest, so that what is simple to mend is told first. */
const SUITES = ['unit', 'integration', 'api', 'scenarios', 'e2e'];
const WITH_PARTS = new Set(SUITES.slice(1));

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.once(signal, () => {
    endCommands();
    process.exit(1);
  });
}

try {
  process.exitCode = await testEverything(process.env);
} catch (error) {
  print(red(describeFailure(error)));
  process.exitCode = 1;
}

/** @param {NodeJS.ProcessEnv} environment @returns {Promise<number>} the exit code */
async function testEverything(environment) {
  const startedAt = performance.now();
  const only = parseArgs({ options: { only: { type: 'string' } } }).values.only?.split(',');
  const isWanted = (/** @type {string} */ name) => only === undefined || only.includes(name);
  printHeading('Meridian, every test', only && `only ${only.join(', ')}`);
  await ensureDependencies();
  const standIns = SUITES.some((name) => WITH_PARTS.has(name) && isWanted(name)) ? await prepareParts(environment) : [];

  const results = [];
  for (const name of ['build', ...listChecks()].filter(isWanted)) results.push(await runCheck(name));
  for (const name of SUITES.filter(isWanted)) results.push(await runSuite(name, environment));
  const total = {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.flatMap(({ failures }) => failures),
    skipped: results.flatMap(({ skipped }) => skipped),
  };
  const missing = tellStandIns(standIns, total.skipped);
  const isStrict = Boolean(environment['MERIDIAN_REQUIRE_REAL']);
  const failures = [...total.failed, ...(isStrict ? missing : [])];
  tellFailures(failures);
  const sum = `${total.passed} passed, ${failures.length} failed`;
  print();
  printLine('time', formatDuration(performance.now() - startedAt));
  print(bold(failures.length === 0 ? green(sum) : red(sum)));
  return failures.length === 0 ? 0 : 1;
}

/**
 * Has the real parts here as far as this machine allows.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<import('./parts/search.mjs').Part[]>} what stands in for the others
 */
async function prepareParts(environment) {
  await obtainMissingParts(environment);
  const parts = findParts(environment, { simulate: false });
  printParts(parts);
  return listStandIns(parts);
}

/** Every script of the form `check:…`: adding a check is adding a script. */
function listChecks() {
  const { scripts } = JSON.parse(readFileSync(inCheckout('package.json'), 'utf8'));
  return Object.keys(scripts).filter((name) => name.startsWith('check:'));
}

/**
 * Says by name what was not shown on the real thing.
 * @param {import('./parts/search.mjs').Part[]} standIns
 * @param {string[]} skipped
 * @returns {string[]} one line for each
 */
function tellStandIns(standIns, skipped) {
  const lines = [
    ...standIns.map(({ name, words, why }) => `${name}: ${words}, ${why}`),
    ...skipped.map((name) => `not run: ${name}`),
  ];
  printHeading('Stand-ins');
  if (lines.length === 0) printLine('none', 'every test ran on the real parts');
  for (const line of lines) print(`  ${line}`);
  return lines;
}

/** @param {string[]} failures */
function tellFailures(failures) {
  if (failures.length === 0) return;
  printHeading('Failures');
  for (const name of failures) print(`  ${red('✗')} ${name}`);
}
