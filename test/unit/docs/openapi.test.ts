import { describe, expect, it } from 'vitest';
import { listRoutes, openApiText } from '../../../tools/docs/openapi-document.ts';
import { readDocument } from './document-tree.ts';

describe('docs/openapi.json', () => {
  it('is what `npm run docs:openapi` writes: the routes of an API process, with default configuration', () => {
    // Compared as values first: a difference is then shown by its path.
    const text = openApiText();
    expect(JSON.parse(readDocument('docs/openapi.json'))).toEqual(JSON.parse(text));
    expect(readDocument('docs/openapi.json')).toBe(text);
  });

  it('names each operation once, so that clients can be generated from it', () => {
    const ids = listRoutes().map(({ operationId }) => operationId);
    expect(ids.length).toBeGreaterThan(30);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
