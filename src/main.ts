import closeWithGrace from 'close-with-grace';
import { createPlatform } from './app/platform.ts';
import { runProcess } from './app/run-process.ts';
import { type Config, ConfigError, loadConfig } from './platform/config/load-config.ts';

/** EX_CONFIG of sysexits.h: a supervisor need not try again. */
const EXIT_CONFIG = 78;

function readConfig(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

const platform = createPlatform({ config: readConfig() });
const { lifecycle, logger } = platform;

// Each phase of the shutdown has its own deadline, so there is none for all; a second signal ends the process at once.
closeWithGrace({ delay: false, logger: false }, async ({ signal, err }) => {
  if (err) logger.error({ err }, 'unexpected failure; the process ends');
  else logger.info({ signal }, 'shutting down');
  await lifecycle.stop();
  logger.info('stopped');
  logger.flush();
});

try {
  await runProcess(platform);
} catch (error) {
  // Whatever breaks once the shutdown has begun is part of it.
  if (!lifecycle.signal.aborted) {
    logger.error({ err: error }, 'start failed');
    process.stderr.write(`Meridian could not start: ${error instanceof Error ? error.message : String(error)}\n`);
    await lifecycle.stop();
    logger.flush();
    process.exit(1);
  }
}
