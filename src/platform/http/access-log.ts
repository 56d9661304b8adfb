import type { RequestHandler } from 'express';
import type { Logger } from '../telemetry/logger.ts';
import type { Histogram } from '../telemetry/metrics.ts';
import { requestIdOf } from './request-id.ts';
import { targetOf } from './request-path.ts';

/** What a caller that hung up before its answer counts as: not a status of HTTP, but the usual word for it. */
const HUNG_UP = 499;
/** Asked every few seconds by every balancer: worth a line only to who looks for it. */
const PROBE = /^\/(?:healthz|readyz)(?:\/|$)/;

/** One line for each request that ended: method, path without its query (it may hold a ticket), status, duration. */
export function accessLog(options: {
  readonly logger: Logger;
  readonly durations: Histogram<'method' | 'status'>;
}): RequestHandler {
  const { logger, durations } = options;
  return (request, response, next) => {
    const started = performance.now();
    response.once('close', () => {
      const durationMs = performance.now() - started;
      const { method } = request;
      const status = response.writableFinished ? response.statusCode : HUNG_UP;
      durations.observe({ method, status }, durationMs / 1000);
      const { path } = targetOf(request.originalUrl);
      const line = { requestId: requestIdOf(response), method, path, status, durationMs: Math.round(durationMs * 10) / 10 };
      if (PROBE.test(path)) logger.debug(line, 'request');
      else logger.info(line, 'request');
    });
    next();
  };
}
