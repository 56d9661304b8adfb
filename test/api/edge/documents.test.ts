import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../../src/kernel/error-codes.ts';
import { type EdgeProduct, startEdgeProduct } from './edge-product.ts';

let edge: EdgeProduct;
beforeAll(async () => {
  edge = await startEdgeProduct();
});
afterAll(() => edge.close());

const get = (path: string) => edge.product.api.call('GET', path, { key: null });

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { operationId: string; parameters?: { in: string; name: string; required?: boolean }[]; responses: Record<string, unknown>; security: Record<string, string[]>[] }>>;
  readonly components: Record<string, Record<string, unknown>>;
}

/** Every `$ref` below a value. */
function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => (key === '$ref' && typeof item === 'string' ? [item] : refsIn(item)));
}

describe('GET /openapi.json', () => {
  it('holds exactly the mounted routes that are part of the contract', async () => {
    const { paths } = (await get('/openapi.json')).body as Document;
    const documented = Object.entries(paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method} ${path}`));
    const { composition } = edge.product;
    const mounted = composition.routes.filter(({ hidden }) => !hidden).map(({ method, path }) => `${method} ${path}`);
    const own = ['get /healthz', 'get /readyz', 'get /version', 'get /internal/instance-info'];
    expect(documented.sort()).toEqual([...mounted, ...own].sort());
    for (const later of ['drains', 'relocate', 'config/plan', 'config/apply', 'rollback', 'doctor', 'agents', 'overview']) {
      expect(documented.filter((each) => each.includes(later)), later).toEqual([]);
    }
  });

  it('is sound: 3.1, every reference resolves, every path parameter is declared, no operation id twice, every operation answers problems', async () => {
    const document = (await get('/openapi.json')).body as Document;
    expect(document.openapi).toMatch(/^3\.1\./);
    for (const ref of refsIn(document)) {
      const found = ref.slice(2).split('/').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
      expect(found, ref).toBeDefined();
    }
    const ids: string[] = [];
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const { operationId, parameters = [], responses, security } of Object.values(operations)) {
        ids.push(operationId);
        const inPath = parameters.filter((parameter) => parameter.in === 'path');
        expect(inPath.map(({ name }) => name).sort(), operationId).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort());
        expect(inPath.every(({ required }) => required), operationId).toBe(true);
        expect(Object.keys(responses).some((status) => status.startsWith('2')), operationId).toBe(true);
        expect(Object.keys(responses), operationId).toContain('503');
        expect(security.length, operationId).toBeGreaterThan(0);
      }
    }
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('GET /docs/errors/{code}', () => {
  it.each(Object.keys(ERROR_CODES))('%s has its page, to which a problem points', async (code) => {
    const answer = await get(`/docs/errors/${code}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.text).toContain(code);
  });

  it.each(['none', '__proto__', 'constructor', '..%2f..%2fREADME', '%3Cscript%3Ealert(1)%3C%2Fscript%3E', 'room.not-found.md'])('%s is no page, and is not shown back', async (code) => {
    const answer = await get(`/docs/errors/${code}`);
    expect(answer.body).toMatchObject({ status: 404, code: 'route.not-found' });
    expect(answer.text).not.toContain('script');
  });
});

describe('GET /docs', () => {
  it('leads to the explorer by the public address, and the explorer loads nothing from elsewhere', async () => {
    const redirect = await fetch(`${edge.product.url}/docs`, { redirect: 'manual' });
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, `${edge.product.url}/docs/`]);
    const page = await get('/docs/');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self';/);
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part ?? '');
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      expect(part).toMatch(/^\.\//);
      expect((await get(`/docs/${part.slice(2)}`)).status, part).toBe(200);
    }
    expect((await get('/docs/swagger-ui-init.js')).text).toContain('"url": "../openapi.json"');
  });
});

it('what the documents say of the release is what its manifest says', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };
  expect((await get('/version')).body).toEqual({ version });
  expect((await get('/openapi.json')).body.info.version).toBe(version);
});
