/** How long a piece of work may be silent before it says that it is still going. */
const PATIENCE_MS = 1_000;
/** Without a terminal a line cannot be rewritten, so progress is a line only now and then. */
const QUIET_PROGRESS_EVERY_MS = 15_000;
const LABEL_WIDTH = 11;

const isTerminal = process.stdout.isTTY;
const isColoured = isTerminal && !process.env['NO_COLOR'];

/** @param {string} code @param {string} text */
function paint(code, text) {
  return isColoured ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/** @param {string} text */
export const dim = (text) => paint('2', text);
/** @param {string} text */
export const bold = (text) => paint('1', text);
/** @param {string} text */
export const red = (text) => paint('31', text);
/** @param {string} text */
export const green = (text) => paint('32', text);

/**
 * Writes one line. A reader that went away (a closed terminal, a closed pipe) is not this line's concern.
 * @param {string} text
 */
export function print(text = '') {
  process.stdout.write(`${text}\n`);
}

/**
 * One line for one thing: its name, what is to be said, and in grey where it came from or why.
 * @param {string} label
 * @param {string} text
 * @param {string} [aside]
 */
export function printLine(label, text, aside) {
  print(`  ${label.padEnd(LABEL_WIDTH)}${text}${aside ? `  ${dim(aside)}` : ''}`);
}

/** @param {string} title @param {string} [aside] */
export function printHeading(title, aside) {
  print();
  print(`${bold(title)}${aside ? `  ${dim(aside)}` : ''}`);
}

/** @param {number} durationMs */
export function formatDuration(durationMs) {
  const seconds = durationMs / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/**
 * Does a piece of work and says how long it takes as soon as it is longer than a second.
 * @template T
 * @param {string} label
 * @param {string} doing what is being done, shown while it lasts
 * @param {() => Promise<T>} work
 * @returns {Promise<{result: T, durationMs: number}>}
 */
export async function withProgress(label, doing, work) {
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  const showing = showProgress(label, doing, elapsed);
  try {
    return { result: await work(), durationMs: elapsed() };
  } finally {
    showing.end();
  }
}

/** @param {string} label @param {string} doing @param {() => number} elapsed */
function showProgress(label, doing, elapsed) {
  const line = () => `  ${label.padEnd(LABEL_WIDTH)}${doing} … ${dim(formatDuration(elapsed()))}`;
  const timer = isTerminal
    ? setInterval(() => elapsed() > PATIENCE_MS && process.stdout.write(`\r\u001b[K${line()}`), 200)
    : setInterval(() => print(line()), QUIET_PROGRESS_EVERY_MS);
  const announced = isTerminal
    ? undefined
    : setTimeout(() => print(`  ${label.padEnd(LABEL_WIDTH)}${doing} …`), PATIENCE_MS);
  return {
    end: () => {
      clearInterval(timer);
      clearTimeout(announced);
      if (isTerminal && elapsed() > PATIENCE_MS) process.stdout.write('\r\u001b[K');
    },
  };
}
