import closeWithGrace from 'close-with-grace';
import { createPlatform } from './app/platform.ts';
import { runProcess } from './app/run-process.ts';
import { ConfigError, loadConfig } from './platform/config/load-config.ts';
import type { Config } from './platform/config/load-config.ts';

/** Beyond the deadline of the longest phase: only a phase that ignores its own deadline meets this one. */
const LAST_DEADLINE_MARGIN_MS = 30_000;

function readConfig(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(78); // EX_CONFIG of sysexits.h: a supervisor need not try again.
  }
}

const config = readConfig();
const platform = createPlatform({ config });
const { lifecycle, logger } = platform;

closeWithGrace({ delay: config.MERIDIAN_SHUTDOWN_SECONDS * 1000 + LAST_DEADLINE_MARGIN_MS, logger: false }, async ({ signal, err }) => {
  if (err) logger.error({ err }, 'unexpected failure; the process ends');
  else logger.info({ signal }, 'shutting down');
  await lifecycle.stop();
  logger.info('stopped');
  logger.flush();
});

try {
  await runProcess(platform);
} catch (error) {
  logger.error({ err: error }, 'start failed');
  process.stderr.write(`Meridian could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  await lifecycle.stop();
  logger.flush();
  process.exitCode = 1;
  setTimeout(() => process.exit(), 100);
}
