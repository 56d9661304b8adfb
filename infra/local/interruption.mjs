/** npm passes the terminal's Ctrl-C on although we had it ourselves: two within this time are one. */
const ONE_KEYSTROKE_MS = 700;
const LAUNCHER_LOOK_EVERY_MS = 500;

/**
 * Watches for everything that means "end now": signals, a terminal or a reader that went away, an `npm` that is gone.
 * @returns {{happened: Promise<{why: string, exitCode: number}>, isForced: () => boolean, stopWatching: () => void}}
 *   `isForced` turns true when it was asked for again
 */
export function watchForInterruption() {
  /** @type {number | undefined} */
  let firstAt;
  let isForced = false;
  /** @type {(value: {why: string, exitCode: number}) => void} */
  let resolve;
  /** @type {Promise<{why: string, exitCode: number}>} */
  const happened = new Promise((settle) => (resolve = settle));
  /** @param {string} why @param {number} exitCode */
  const interrupt = (why, exitCode) => {
    firstAt ??= performance.now();
    if (performance.now() - firstAt > ONE_KEYSTROKE_MS) isForced = true;
    resolve({ why, exitCode });
  };
  // The exit code that shells give to a program ended by that signal: 128 and its number.
  process.on('SIGINT', () => interrupt('Ctrl-C', 130));
  process.on('SIGTERM', () => interrupt('SIGTERM', 143));
  process.on('SIGQUIT', () => interrupt('SIGQUIT', 131));
  process.on('SIGHUP', () => interrupt('the terminal went away', 129));
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => firstAt === undefined && interrupt('nobody reads the output any more', 141));
  }
  const watch = watchLauncher(() => firstAt === undefined && interrupt('the npm that ran this is gone', 129));
  return { happened, isForced: () => isForced, stopWatching: () => clearInterval(watch) };
}

/** @param {() => void} onGone */
function watchLauncher(onGone) {
  if (process.env['npm_lifecycle_event'] === undefined) return undefined;
  const launcher = process.ppid;
  return setInterval(() => process.ppid !== launcher && onGone(), LAUNCHER_LOOK_EVERY_MS);
}
