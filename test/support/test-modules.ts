import { randomBytes } from 'node:crypto';
import { createHttpApp } from '../../src/app/http-app.ts';
import { type Platform, createPlatform } from '../../src/app/platform.ts';
import { listen } from '../../src/app/serve.ts';
import { loadConfig } from '../../src/platform/config/load-config.ts';
import { COMMAND_BUDGETS } from '../../src/platform/database/prisma-client.ts';
import type { Scope } from '../../src/platform/http/actor.ts';
import { createExpressServer } from '../../src/platform/http/express-server.ts';
import type { Route } from '../../src/platform/http/route.ts';
import { type TenantsService, createTenantsModule } from '../../src/tenants/tenants-module.ts';

/** Where the modules believe that they are reached: it stands in `Location` and in problems. */
export const STAGE_PUBLIC_URL = 'https://meet.example/api';

/**
 * A few modules behind the product's own HTTP with the real database, where a test stands in for the other modules.
 * What needs no stand-in is tested on the whole product (`startTestProduct`).
 */
export interface ModuleStage {
  readonly platform: Platform;
  readonly tenants: TenantsService;
  readonly logLines: readonly string[];
  /** A credential of a new key; without a tenant it is an operator's. */
  makeKey(tenantId: string | null, scopes: readonly Scope[]): Promise<string>;
  /** Serves these routes and those of the tenants, and begins to poll; the address. */
  serve(routes: readonly Route[]): Promise<string>;
  close(): Promise<void>;
}

/** Opens the platform and the tenants; the caller makes the modules under test of them. */
export function openModuleStage(environment: Readonly<Record<string, string>> & { readonly DATABASE_URL: string }): ModuleStage {
  const logLines: string[] = [];
  const config = loadConfig({ MERIDIAN_PUBLIC_URL: STAGE_PUBLIC_URL, MERIDIAN_MASTER_KEY: makeMasterKey(), ...environment });
  // These tests are about what the modules do; a request's own budgets would make them fail on a busy machine.
  const platform = createPlatform({ config, logSink: { write: (line) => void logLines.push(line) }, databaseBudgets: COMMAND_BUDGETS });
  const tenants = createTenantsModule(platform);
  let stopServing = (): void => {};
  return {
    platform,
    tenants: tenants.service,
    logLines,
    makeKey: async (tenantId, scopes) => {
      const key = { tenantId, name: 'test', scopes, expiresAt: null };
      return (await tenants.service.keys.create(key, { actor: 'test' })).credential;
    },
    serve: async (routes) => {
      const app = createHttpApp({
        platform,
        routes: [...tenants.routes, ...routes],
        readCredential: tenants.service.readCredential,
        checkResponses: true,
      });
      const server = createExpressServer(app, { publicUrl: STAGE_PUBLIC_URL });
      stopServing = () => {
        server.close();
        server.closeAllConnections();
      };
      const port = await listen(server, '127.0.0.1', 0);
      await platform.freshness.start();
      return `http://127.0.0.1:${port}`;
    },
    close: async () => {
      stopServing();
      await platform.freshness.stop();
      await platform.connections.close();
    },
  };
}

/** A master key as a deployment would have it. */
export function makeMasterKey(): string {
  return `test:${randomBytes(32).toString('base64')}`;
}
