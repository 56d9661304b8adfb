#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { compose } from './app/compose.ts';
import { untilDatabaseIsReady } from './app/database-start.ts';
import { MIGRATIONS_FOLDER } from './app/migrations.ts';
import { createPlatform } from './app/platform.ts';
import { VERSION } from './app/version.ts';
import { type Config, ConfigError, loadConfig } from './platform/config/load-config.ts';
import { migrate } from './platform/database/migrator.ts';
import { COMMAND_BUDGETS } from './platform/database/prisma-client.ts';
import { parseSimulatorConfig } from './simulator/simulator-config.ts';
import { runSimulator } from './simulator/simulator.ts';

const program = new Command('meridian')
  .description('Operates a Meridian deployment. Every command reads the same environment as the server; see docs/configuration.md.')
  .version(VERSION)
  .showHelpAfterError();

program
  .command('migrate')
  .description('Bring the database to this release. Safe to run from many machines at once; Prisma\'s own ledger is used.')
  .action(async () => {
    const applied = await migrate(loadConfig().DATABASE_URL, MIGRATIONS_FOLDER);
    for (const name of applied) console.log(`applied ${name}`);
    if (applied.length === 0) console.log('nothing to do: the database is at this release');
  });

program
  .command('bootstrap')
  .description('Make the first operator key and show it once.')
  .option('--another', 'make one more, although there is an operator key already')
  .option('--json', 'print {"id","secret"} and nothing else')
  .action((options: { another?: boolean; json?: boolean }) => withProduct(async ({ tenants }) => {
    const key = await tenants.keys.bootstrap({ another: options.another === true });
    if (!key) throw new Error('There is an operator key already. Make more by POST /v1/ops/api-keys, or with --another.');
    if (options.json) console.log(JSON.stringify({ id: key.id, secret: key.credential }));
    else console.log(`Operator key ${key.id}, shown this once:\n\n  ${key.credential}\n`);
  }));

const regions = program.command('regions').description('The configuration of regions.');
regions
  .command('apply <file>')
  .description('Store the regions of a YAML file as a new revision; regions it does not name stay as they are.')
  .action((file: string) => withProduct(async ({ regions: service }) => {
    const { revision, diff } = await service.applyFile(file);
    console.log(diff.length === 0 ? `nothing changed; the newest revision is ${revision}` : `revision ${revision}`);
    for (const { region, change, fields } of diff) console.log(`  ${change} ${region}${fields.length > 0 ? `: ${fields.join(', ')}` : ''}`);
  }));

program
  .command('config')
  .description('Check the environment: every problem by name, or "the configuration is sound".')
  .action(() => {
    loadConfig();
    console.log('the configuration is sound');
  });

program
  .command('simulate')
  .description('Run LiveKit doubles for one or more regions: for faults, and for machines without a LiveKit server.')
  .requiredOption('--config <file>', 'JSON: {"regions":[{"id","port","keys":{"<key>":"<secret>"},"webhookUrl","webhookKey"}]}')
  .action(async (options: { config: string }) => {
    const simulator = await runSimulator(parseSimulatorConfig(JSON.parse(readFileSync(options.config, 'utf8'))));
    console.log(JSON.stringify({ ready: true, regions: simulator.regions }));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.close().then(() => process.exit(0)));
  });

/** A command is typed by somebody who can try again. */
const PATIENCE_MS = 5_000;

type Product = ReturnType<typeof compose>;

/** Runs one command on the composed product, quietly, and closes what it opened. */
async function withProduct(work: (product: Product) => Promise<void>): Promise<void> {
  const config: Config = { ...loadConfig(), MERIDIAN_LOG_LEVEL: 'error' };
  const platform = createPlatform({ config, databaseBudgets: COMMAND_BUDGETS });
  const product = compose(platform);
  try {
    await untilDatabaseIsReady(platform, PATIENCE_MS);
    await work(product);
  } finally {
    await platform.lifecycle.stop();
  }
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : `meridian: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
