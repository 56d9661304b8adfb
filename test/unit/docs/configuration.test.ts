import { describe, expect, it } from 'vitest';
import { ENV } from '../../../src/platform/config/env-schema.ts';
import { configurationPage } from '../../../tools/docs/configuration-page.ts';
import { listFiles, readDocument } from './document-tree.ts';

describe('docs/configuration.md', () => {
  it('is what `npm run docs:configuration` writes', () => {
    expect(readDocument('docs/configuration.md')).toBe(configurationPage());
  });

  it('names every variable that the program reads, and which of them a deployment must set', () => {
    const page = configurationPage();
    for (const name of Object.keys(ENV)) expect(page).toContain(`| \`${name}\` |`);
    const required = [...page.matchAll(/^\| `(\w+)` \| \*\*required\*\*/gm)].map(([, name]) => name);
    expect(required).toEqual(['DATABASE_URL', 'MERIDIAN_PUBLIC_URL', 'MERIDIAN_MASTER_KEY']);
  });

  it('is the only source of variables: no document names one that the program does not read', () => {
    const known = new Set<string>([...Object.keys(ENV), 'MERIDIAN_REQUIRE_REAL']);
    const strangers = listFiles('docs', '.md').flatMap((path) =>
      (readDocument(path).match(/\bMERIDIAN_[A-Z_]+[A-Z]\b/g) ?? []).filter((name) => !known.has(name)).map((name) => `${path}: ${name}`),
    );
    expect(strangers).toEqual([]);
  });
});
