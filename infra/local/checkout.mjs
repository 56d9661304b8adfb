import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this checkout: everything the product needs lies below it. */
export const checkoutFolder = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

/**
 * A path below the checkout.
 * @param {...string} names
 */
export function inCheckout(...names) {
  return join(checkoutFolder, ...names);
}

/** Where parts that were obtained once are kept, each in a folder named `<program>-<version>`. */
export function cacheFolder() {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'meridian');
}

/**
 * A path as a person would write it: relative inside the working directory, `~` inside the home.
 * @param {string} path
 */
export function shortPath(path) {
  const absolute = resolve(path);
  const fromHere = relative(process.cwd(), absolute);
  if (fromHere !== '' && !fromHere.startsWith('..')) return fromHere;
  const home = homedir();
  return absolute.startsWith(`${home}/`) ? `~${absolute.slice(home.length)}` : absolute;
}
