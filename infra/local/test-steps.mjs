import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inCheckout } from './checkout.mjs';
import { tryCommand } from './command.mjs';
import { dim, formatDuration, green, print, printHeading, printLine, red, withProgress } from './output.mjs';

const CHECK_TIMEOUT_MS = 10 * 60_000;
const SUITE_TIMEOUT_MS = 40 * 60_000;

/**
 * What a step of `npm test` came to; failures and what did not run are told by name.
 * @typedef {{passed: number, failures: string[], skipped: string[]}} StepResult
 * @typedef {{name: string, status: string, assertionResults: {fullName: string, status: string}[]}} FileReport
 */

/**
 * Runs one script of `package.json` that either holds or does not.
 * @param {string} script
 * @returns {Promise<StepResult>}
 */
export async function runCheck(script) {
  const npm = process.env['npm_execpath'];
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const { result, durationMs } = await withProgress('check', script, () =>
    tryCommand(command, [...first, 'run', '--silent', script], { cwd: inCheckout(), timeoutMs: CHECK_TIMEOUT_MS }),
  );
  const held = result.code === 0;
  printLine('check', `${script} ${held ? green('holds') : red('does not hold')}`, formatDuration(durationMs));
  if (!held) print(result.output);
  return { passed: held ? 1 : 0, failures: held ? [] : [script], skipped: [] };
}

/**
 * Runs one suite of tests, showing what vitest says.
 * @param {string} suite
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<StepResult>}
 */
export async function runSuite(suite, environment) {
  const { MERIDIAN_REQUIRE_REAL: _ours, ...env } = environment;
  const folder = mkdtempSync(join(tmpdir(), 'meridian-report-'));
  const report = join(folder, 'report.json');
  const startedAt = performance.now();
  printHeading(suite);
  const { code } = await tryCommand(
    process.execPath,
    [
      inCheckout('node_modules', 'vitest', 'vitest.mjs'),
      'run',
      `--project=${suite}`,
      '--silent=passed-only',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { cwd: inCheckout(), env, timeoutMs: SUITE_TIMEOUT_MS, isShown: true },
  );
  const result = readReport(suite, report, code);
  rmSync(folder, { recursive: true, force: true });
  const { passed, failures, skipped } = result;
  print(
    `  ${suite}: ${passed} passed, ${failures.length} failed${skipped.length > 0 ? `, ${skipped.length} not run` : ''}  ${dim(formatDuration(performance.now() - startedAt))}`,
  );
  return result;
}

/** @param {string} suite @param {string} report @param {number | undefined} code @returns {StepResult} */
function readReport(suite, report, code) {
  const files = readFiles(report);
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const names = (/** @type {(status: string) => boolean} */ matches) =>
    tests.filter(({ status }) => matches(status)).map(({ fullName }) => `${suite}: ${fullName}`);
  const failures = [
    ...names((status) => status === 'failed'),
    // A file that could not be loaded has no tests to fail.
    ...files
      .filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0)
      .map(({ name }) => `${suite}: ${name}`),
  ];
  // No tests at all, an error outside of them, or a suite that was ended for its time.
  if (code !== 0 && failures.length === 0) failures.push(`${suite}: ended with ${code ?? 'a time-out'}`);
  return {
    passed: names((status) => status === 'passed').length,
    failures,
    skipped: names((status) => status !== 'passed' && status !== 'failed'),
  };
}

/** @param {string} report @returns {FileReport[]} */
function readFiles(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch {
    return [];
  }
}
