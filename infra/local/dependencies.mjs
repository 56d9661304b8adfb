import { existsSync, readFileSync, statSync } from 'node:fs';
import { inCheckout } from './checkout.mjs';
import { runCommand } from './command.mjs';
import { withCheckoutLock } from './file-lock.mjs';
import { formatDuration, printLine, withProgress } from './output.mjs';

const INSTALL_TIMEOUT_MS = 15 * 60_000;
const LOCK_FILE = inCheckout('package-lock.json');
/** What npm notes about the tree that it installed. */
const INSTALLED_FILE = inCheckout('node_modules', '.package-lock.json');

/** Installs the packages of the lock file when they are absent or older than it. */
export async function ensureDependencies() {
  if (whyInstall() === undefined) return;
  await withCheckoutLock('packages', async () => {
    const why = whyInstall();
    if (why === undefined) return;
    const { durationMs } = await withProgress('packages', 'npm ci', installDependencies);
    printLine('packages', `installed in ${formatDuration(durationMs)}`, why);
  });
}

/** @returns {string | undefined} */
function whyInstall() {
  if (!existsSync(INSTALLED_FILE)) return 'there were none';
  if (statSync(INSTALLED_FILE).mtimeMs >= statSync(LOCK_FILE).mtimeMs) return undefined;
  return isInstalled() ? undefined : 'the lock file is newer';
}

/** A lock file may be newer and say the same: `npm install` itself writes it last. */
function isInstalled() {
  const wanted = readPackages(LOCK_FILE);
  const installed = readPackages(INSTALLED_FILE);
  return Object.entries(wanted)
    .filter(([path]) => path !== '')
    .every(([path, entry]) =>
      installed[path] ? installed[path].integrity === entry.integrity : entry.optional === true,
    );
}

/** @param {string} file @returns {Record<string, {integrity?: string, optional?: boolean}>} */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

async function installDependencies() {
  const npm = process.env['npm_execpath'];
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  await runCommand(command, [...first, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'], {
    cwd: inCheckout(),
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
}
