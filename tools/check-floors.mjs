import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Checks floors, doors and fences. Without a transpiler the checker reads no TypeScript at all and finds nothing wrong,
 * so a count of modules that is too small is a failure too.
 */
const FEWEST_MODULES = 100;

const checkout = fileURLToPath(new URL('..', import.meta.url));
const checker = fileURLToPath(new URL('../node_modules/dependency-cruiser/bin/dependency-cruise.mjs', import.meta.url));
const { status, stdout, stderr } = spawnSync(
  process.execPath,
  [checker, 'src', '--config', '.dependency-cruiser.cjs', '--no-progress'],
  { cwd: checkout, encoding: 'utf8' },
);
console.log(`${stdout}${stderr}`.trim());

const modules = Number(/(\d+) modules/.exec(stdout)?.[1] ?? 0);
if (modules < FEWEST_MODULES) console.log(`only ${modules} modules were read: the transpiler is missing`);
process.exitCode = status === 0 && modules >= FEWEST_MODULES ? 0 : 1;
