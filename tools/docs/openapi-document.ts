import { compose } from '../../src/app/compose.ts';
import { createHealthChecks } from '../../src/app/health-checks.ts';
import { createInstanceRoutes } from '../../src/app/instance-routes.ts';
import { createPlatform } from '../../src/app/platform.ts';
import { VERSION } from '../../src/app/version.ts';
import { loadConfig } from '../../src/platform/config/load-config.ts';
import { createHealthRoutes } from '../../src/platform/http/health-routes.ts';
import { createOpenApi } from '../../src/platform/http/openapi.ts';
import type { Route } from '../../src/platform/http/route.ts';

const NO_KEY = Buffer.alloc(32).toString('base64');

/** A configuration of defaults. Nothing is ever connected to: composing opens no connection. */
const NOWHERE = {
  DATABASE_URL: 'postgresql://127.0.0.1:1/none',
  MERIDIAN_PUBLIC_URL: 'https://meet.example',
  MERIDIAN_MASTER_KEY: `none:${NO_KEY}`,
  MERIDIAN_LOG_LEVEL: 'silent',
};

/** The routes of an API process with the default configuration. */
export function listRoutes(): readonly Route[] {
  const platform = createPlatform({ config: loadConfig(NOWHERE), logSink: { write: () => {} } });
  const health = createHealthRoutes({ checks: createHealthChecks(platform), version: VERSION, phase: () => 'serving' });
  return [...compose(platform).routes, ...health, ...createInstanceRoutes(platform)];
}

/** `docs/openapi.json` as it must read. */
export function openApiText(): string {
  return `${JSON.stringify(createOpenApi(listRoutes(), { version: VERSION }), null, 2)}\n`;
}
