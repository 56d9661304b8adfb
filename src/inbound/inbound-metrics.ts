import type { Metrics } from '../platform/telemetry/metrics.ts';

export type DeliveryResult = 'stored' | 'duplicate' | 'unreadable' | 'refused' | 'unavailable';
export type HandlingResult = 'done' | 'retry' | 'failed' | 'unreadable';

export interface InboundMetrics {
  delivered: (region: string, result: DeliveryResult) => void;
  refused: (region: string, reason: string) => void;
  committed: (batchSize: number) => void;
  handled: (region: string, result: HandlingResult, lagSeconds: number) => void;
}

/** From the hand-over in one process to the last retry but one. */
const LAG_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600];
const BATCH_BUCKETS = [1, 2, 5, 10, 25, 50, 100, 200];

export function createInboundMetrics(metrics: Metrics): InboundMetrics {
  const deliveries = metrics.counter('inbound_deliveries_total', 'LiveKit webhook deliveries by what became of them.', ['region', 'result']);
  const refusals = metrics.counter('inbound_refusals_total', 'Deliveries refused, by what was wrong with their token.', ['region', 'reason']);
  const batches = metrics.histogram('inbound_commit_batch_size', 'Deliveries stored by one statement.', BATCH_BUCKETS);
  const handlings = metrics.counter('inbound_handled_total', 'Ledger rows handled, by result.', ['region', 'result']);
  const lag = metrics.histogram('inbound_handling_lag_seconds', 'From receiving an event to its handling.', LAG_BUCKETS, ['region']);
  return {
    delivered: (region, result) => deliveries.inc({ region, result }),
    refused: (region, reason) => refusals.inc({ region, reason }),
    committed: (batchSize) => batches.observe(batchSize),
    handled: (region, result, lagSeconds) => {
      handlings.inc({ region, result });
      lag.observe({ region }, lagSeconds);
    },
  };
}
