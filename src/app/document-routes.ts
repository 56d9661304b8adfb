import { readFileSync } from 'node:fs';
import { marked } from 'marked';
import { type RequestHandler, Router } from 'express';
import swaggerUi from 'swagger-ui-express';
import { AppError } from '../kernel/app-error.ts';
import { ERROR_CODES } from '../kernel/error-codes.ts';

const PAGES = new URL('../../docs/errors/', import.meta.url);
/** The explorer's own page needs images from data addresses and nothing from elsewhere. */
const EXPLORER_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'";

/** `/openapi.json`, the explorer under `/docs`, and a page for each problem code. */
export function createDocumentRouter(openApi: object): Router {
  const router = Router();
  const text = JSON.stringify(openApi);
  router.get('/openapi.json', (_request, response) => {
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.end(text);
  });
  router.get('/docs/errors/:code', errorPage);
  const explorerHeaders: RequestHandler = (_request, response, next) => {
    response.setHeader('Content-Security-Policy', EXPLORER_POLICY);
    next();
  };
  router.use('/docs', explorerHeaders, swaggerUi.serve, swaggerUi.setup(undefined, { swaggerOptions: { url: '/openapi.json' } }));
  return router;
}

/** The code is looked up in the closed table first: it is a key, never a path. */
const errorPage: RequestHandler = (request, response) => {
  const code = Object.keys(ERROR_CODES).find((each) => each === request.params['code']);
  if (code === undefined) throw new AppError('route.not-found', { detail: 'There is no page of this problem code.' });
  const page = readFileSync(new URL(`${code}.md`, PAGES), 'utf8');
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.end(frame(code, marked.parse(page, { async: false })));
};

function frame(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} · Meridian</title>
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1c2733}code{background:#eef2f6;padding:.1em .3em;border-radius:4px}pre code{display:block;padding:1em;overflow:auto}a{color:#0b66c3}</style>
<main>${body}</main></html>`;
}
