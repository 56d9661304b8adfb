import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Names in the lock file what a registry without the binaries of other systems makes `npm install` leave out. Without
 * those names `npm ci` calls the lock file out of step, on every system. A system that needs one of them takes the
 * version named here from its own registry. Run it after each `npm install` of a new package: `npm run lock`.
 */

/** Words in the names of packages that hold binaries, as npm's own fields say them. */
const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];
const LIBRARIES = /** @type {const} */ ({ gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' });

/**
 * @typedef {{version?: string, optional?: boolean, dev?: boolean, os?: string[], cpu?: string[], libc?: string[],
 *   optionalDependencies?: Record<string, string>}} LockedPackage
 */

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(path, 'utf8'));
/** @type {Record<string, LockedPackage>} */
const packages = lock.packages;
const missing = Object.values(packages)
  .flatMap(({ optionalDependencies = {}, dev }) =>
    Object.entries(optionalDependencies).map((entry) => ({ entry, dev })),
  )
  .filter(({ entry: [name] }) => packages[`node_modules/${name}`] === undefined);

for (const { entry, dev } of missing) {
  const [name, version] = entry;
  const described = describeBinary(name, version, dev);
  if (described === undefined) console.log(`left out: ${name}, whose name tells no system`);
  else packages[`node_modules/${name}`] = described;
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${missing.length} names added`);

/**
 * @param {string} name
 * @param {string} version
 * @param {boolean | undefined} dev
 * @returns {LockedPackage | undefined}
 */
function describeBinary(name, version, dev) {
  const words = name.split(/[/-]/);
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor));
  if (os.length !== 1 || cpu.length !== 1 || !/^\d/.test(version)) return undefined;
  const libc = Object.entries(LIBRARIES)
    .filter(([word]) => words.includes(word))
    .map(([, library]) => library);
  return { version, cpu, ...(dev && { dev }), ...(libc.length > 0 && { libc }), optional: true, os };
}
