// Prisma's schema engine as WebAssembly, started once. It is the build of the same commit as the native engine, and
// is published on the package registry, where the native one has a download host of its own.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';

let panicText = '';
globalThis.PRISMA_WASM_PANIC_REGISTRY = {
  set_message(text) {
    panicText = text;
  },
};

/** The text of the engine's last panic, '' when there was none. */
export const lastPanic = () => panicText;

/** Instantiates the engine and returns its `SchemaEngine` class. */
export async function loadSchemaEngine() {
  const scriptUrl = import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const bytes = readFileSync(fileURLToPath(new URL('schema_engine_bg.wasm', scriptUrl)));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue.SchemaEngine;
}
