/**
 * What a failed database call means. The driver, the adapter and Prisma each dress the same failure differently
 * (a code, a cause, or only a text), so the whole chain of causes is read, in this one place.
 */
export type DatabaseFailure = 'away' | 'conflict' | 'unique' | 'other';

interface Layer {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly meta?: unknown;
  readonly driverAdapterError?: unknown;
  readonly kind?: unknown;
  readonly originalCode?: unknown;
}

const MAX_DEPTH = 6;

/** Postgres classes 08 (connection), 57P (shutdown), 53 (resources), 25006 (read-only), 57014 (time-out), and Node's. */
const AWAY_CODE = /^(08\w{3}|57P\d\d|53\d{3}|25006|57014|P1001|P1002|P1008|P1017|P2024|P2028|ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/;
const AWAY_TEXT =
  /timeout exceeded when trying to connect|query read timeout|connection terminated|connection timeout|server closed the connection|unable to start a transaction|can't reach database|connect ECONN|Client has encountered a connection error|not queryable/i;
const CONFLICT_CODE = /^(40001|40P01|P2034)$/;
const UNIQUE_CODE = /^(23505|P2002)$/;

export function classifyDatabaseFailure(error: unknown): DatabaseFailure {
  let verdict: DatabaseFailure = 'other';
  for (const layer of layersOf(error)) {
    const codes = [layer.code, layer.originalCode].filter((code) => typeof code === 'string');
    const text = typeof layer.message === 'string' ? layer.message : '';
    if (codes.some((code) => UNIQUE_CODE.test(code)) || layer.kind === 'UniqueConstraintViolation') return 'unique';
    if (codes.some((code) => CONFLICT_CODE.test(code)) || layer.kind === 'TransactionWriteConflict') return 'conflict';
    if (codes.some((code) => AWAY_CODE.test(code)) || AWAY_TEXT.test(text)) verdict = 'away';
  }
  return verdict;
}

export function isDatabaseAway(error: unknown): boolean {
  return classifyDatabaseFailure(error) === 'away';
}

function layersOf(error: unknown): Layer[] {
  const layers: Layer[] = [];
  const queue: unknown[] = [error];
  while (queue.length > 0 && layers.length < MAX_DEPTH) {
    const next = queue.shift();
    if (typeof next !== 'object' || next === null) continue;
    const layer = next as Layer;
    layers.push(layer);
    queue.push(layer.cause, layer.meta, layer.driverAdapterError);
  }
  return layers;
}
