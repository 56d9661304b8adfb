import type { Express } from 'express';
import type { CredentialReader } from '../platform/http/authenticate.ts';
import { createClientIp } from '../platform/http/client-ip.ts';
import { createCors } from '../platform/http/cors.ts';
import { createHttpBase } from '../platform/http/http-base.ts';
import { mountRoutes } from '../platform/http/mount-routes.ts';
import { createOpenApi } from '../platform/http/openapi.ts';
import { createProblemHandler } from '../platform/http/problem.ts';
import type { Route } from '../platform/http/route.ts';
import { createDocumentRoutes } from './document-routes.ts';
import { createExplorer } from './explorer.ts';
import type { Platform } from './platform.ts';
import { VERSION } from './version.ts';

export interface HttpAppOptions {
  readonly platform: Pick<Platform, 'config' | 'logger' | 'metrics'>;
  readonly routes: readonly Route[];
  readonly readCredential: CredentialReader;
  /** Whether the documents are served beside the routes; default: they are. */
  readonly withDocuments?: boolean;
  readonly isOpen?: () => boolean;
  readonly isStopping?: () => boolean;
  readonly checkResponses?: boolean;
}

/** The order of what a request passes: base, routes, explorer, problems. */
export function createHttpApp({ platform, routes, withDocuments = true, ...options }: HttpAppOptions): Express {
  const { config, logger } = platform;
  const publicUrl = config.MERIDIAN_PUBLIC_URL;
  const documents = createDocumentRoutes({ openApi: () => createOpenApi(routes, { version: VERSION }) });
  const app = createHttpBase(platform);
  app.use(
    mountRoutes({
      ...options,
      routes: withDocuments ? [...routes, ...documents] : routes,
      clientIp: createClientIp({ trusted: config.MERIDIAN_TRUSTED_PROXIES }),
      cors: createCors(config.MERIDIAN_CORS_ORIGINS),
      beforeRefusal: withDocuments ? createExplorer({ publicUrl }) : (_request, _response, next) => next(),
    }),
  );
  app.use(createProblemHandler({ publicUrl, logger, isStopping: options.isStopping }));
  return app;
}
