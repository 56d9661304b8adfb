import express, { type Express } from 'express';
import helmet from 'helmet';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { accessLog } from './access-log.ts';
import { requestId } from './request-id.ts';

/** Upper bounds in seconds, from a cached join to the deadline of a failing one. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.8, 5];

/** The application under every route: request id, access log, security headers. The benchmarks' bare handler runs on it too. */
export function createHttpBase(options: { readonly logger: Logger; readonly metrics: Metrics }): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const durations = options.metrics.histogram('http_request_duration_seconds', 'Duration of requests by method and status.', DURATION_BUCKETS, ['method', 'status'] as const);
  app.use(requestId(), accessLog({ logger: options.logger, durations }), helmet());
  return app;
}
