import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { AppError } from '../kernel/app-error.ts';
import { ERROR_CODES } from '../kernel/error-codes.ts';
import { ANYONE, type Route, defineRoute } from '../platform/http/route.ts';

const PAGES = new URL('../../docs/errors/', import.meta.url);
const PAGE_HEADERS = { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'public, max-age=3600' };

/** `/openapi.json`, made from the routes beside it, and a page for each problem code. */
export function createDocumentRoutes({ openApi }: { readonly openApi: () => object }): Route[] {
  let document: string | undefined;
  const pages = new Map<string, string>();
  const base = { method: 'get', tag: 'Documents', access: ANYONE, hidden: true } as const;
  return [
    defineRoute({
      ...base,
      path: '/openapi.json',
      operationId: 'getOpenApi',
      summary: 'The contract of this release',
      responses: { 200: { description: 'OpenAPI 3.1' } },
      handler: () => ({ status: 200, body: (document ??= JSON.stringify(openApi())) }),
    }),
    defineRoute({
      ...base,
      path: '/docs/errors/{code}',
      operationId: 'getErrorPage',
      summary: 'What a problem code means and what to do about it',
      request: { params: z.strictObject({ code: z.string() }) },
      responses: { 200: { description: 'The page', contentType: 'text/html' } },
      handler: async ({ params }) => {
        const code = knownCode(params.code);
        const page = pages.get(code) ?? (await renderPage(code));
        pages.set(code, page);
        return { status: 200, headers: PAGE_HEADERS, body: page };
      },
    }),
  ];
}

/** The code is looked up in the closed table first: it is a key, never a path. */
function knownCode(text: string): string {
  const code = Object.keys(ERROR_CODES).find((each) => each === text);
  if (code === undefined) throw new AppError('route.not-found', { detail: 'There is no page of this problem code.' });
  return code;
}

/** The renderer is loaded with the first page: most processes never show one. */
async function renderPage(code: string): Promise<string> {
  const { marked } = await import('marked');
  return frame(code, await marked.parse(readFileSync(new URL(`${code}.md`, PAGES), 'utf8')));
}

function frame(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} · Meridian</title>
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1c2733}code{background:#eef2f6;padding:.1em .3em;border-radius:4px}pre code{display:block;padding:1em;overflow:auto}table{border-collapse:collapse}td,th{border:1px solid #d5dde5;padding:.3em .6em;text-align:left}a{color:#0b66c3}</style>
<main>${body}</main></html>`;
}
