import { type RequestHandler, Router } from 'express';
import { AppError } from '../kernel/app-error.ts';

/** The explorer's own page needs images from data addresses, styles in elements, and nothing from elsewhere. */
const POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const ALLOW = 'GET, HEAD';

/** The page under `/docs/` that shows the contract. Its parts are loaded with the first visit. */
export function createExplorer({ publicUrl }: { readonly publicUrl: string }): Router {
  const router = Router({ caseSensitive: true });
  let loading: Promise<Router> | undefined;
  const show: RequestHandler = (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new AppError('route.method-not-allowed', { detail: `This path takes ${ALLOW}.`, headers: { Allow: ALLOW } });
    }
    // The page names its parts relative to itself.
    if (request.originalUrl.split('?', 1)[0] === '/docs') {
      response.redirect(302, `${publicUrl}/docs/`);
      return;
    }
    response.setHeader('Content-Security-Policy', POLICY);
    loading ??= load();
    loading.then((explorer) => explorer(request, response, next), next);
  };
  router.use('/docs', show);
  return router;
}

async function load(): Promise<Router> {
  const { default: swaggerUi } = await import('swagger-ui-express');
  const options = { customSiteTitle: 'Meridian', swaggerOptions: { url: '../openapi.json', validatorUrl: null } };
  const explorer = Router();
  explorer.get('/', swaggerUi.setup(undefined, options));
  explorer.use(...swaggerUi.serveFiles(undefined, options));
  return explorer;
}
