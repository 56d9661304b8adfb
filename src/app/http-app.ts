import type { Express } from 'express';
import type { CredentialReader } from '../platform/http/authenticate.ts';
import { createClientIp } from '../platform/http/client-ip.ts';
import { createCors } from '../platform/http/cors.ts';
import { createHttpBase } from '../platform/http/http-base.ts';
import { mountRoutes } from '../platform/http/mount-routes.ts';
import { createOpenApi } from '../platform/http/openapi.ts';
import { createProblemHandler } from '../platform/http/problem.ts';
import type { Route } from '../platform/http/route.ts';
import { createDocumentRouter } from './document-routes.ts';
import type { Platform } from './platform.ts';
import { VERSION } from './version.ts';

export interface HttpAppOptions {
  readonly platform: Pick<Platform, 'config' | 'logger' | 'metrics'>;
  readonly routes: readonly Route[];
  readonly readCredential: CredentialReader;
  readonly checkResponses?: boolean;
}

/** The order of what a request passes: base, documents, routes, problems. */
export function createHttpApp({ platform, routes, readCredential, checkResponses = false }: HttpAppOptions): Express {
  const { config, logger } = platform;
  const app = createHttpBase(platform);
  app.use(
    mountRoutes({
      routes,
      readCredential,
      checkResponses,
      clientIp: createClientIp({ trusted: config.MERIDIAN_TRUSTED_PROXIES }),
      cors: createCors(config.MERIDIAN_CORS_ORIGINS),
      beforeRefusal: createDocumentRouter(createOpenApi(routes, { version: VERSION })),
    }),
  );
  app.use(createProblemHandler({ publicUrl: config.MERIDIAN_PUBLIC_URL, logger }));
  return app;
}
