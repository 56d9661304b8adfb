import type { RequestHandler } from 'express';
import type { Logger } from '../telemetry/logger.ts';
import type { Histogram } from '../telemetry/metrics.ts';
import { requestIdOf } from './request-id.ts';

/** One line for each finished request: method, path without its query (it may hold a ticket), status, duration. */
export function accessLog(options: {
  readonly logger: Logger;
  readonly durations: Histogram<'method' | 'status'>;
}): RequestHandler {
  const { logger, durations } = options;
  return (request, response, next) => {
    const started = performance.now();
    response.once('finish', () => {
      const durationMs = performance.now() - started;
      const { method } = request;
      const status = response.statusCode;
      durations.observe({ method, status }, durationMs / 1000);
      const path = request.originalUrl.split('?', 1)[0];
      logger.info({ requestId: requestIdOf(response), method, path, status, durationMs: Math.round(durationMs * 10) / 10 }, 'request');
    });
    next();
  };
}
