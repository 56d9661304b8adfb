import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);

/** Absolute path of a file of the repository. */
export function inRepository(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}

export function readDocument(path: string): string {
  return readFileSync(inRepository(path), 'utf8');
}

/** Files under a folder, relative to the repository, in the order of their names. */
export function listFiles(folder: string, extension: string): string[] {
  return readdirSync(inRepository(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(inRepository('').length))
    .sort();
}

/** The pages that people read: those at the root and those under `docs/`. */
export function listPages(): string[] {
  const atRoot = readdirSync(inRepository('')).filter((name) => name.endsWith('.md'));
  return [...atRoot, ...listFiles('docs', '.md')];
}

/** A page's text without its code blocks, whose contents are no prose. */
export function proseOf(path: string): string {
  return readDocument(path).replaceAll(/^```[\s\S]*?^```$/gm, '');
}
