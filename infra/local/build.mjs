import { ensureBuilt } from './building.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { describeFailure } from './failure.mjs';
import { print, red } from './output.mjs';

try {
  await ensureDependencies();
  await ensureBuilt();
} catch (error) {
  print(red(describeFailure(error)));
  process.exitCode = 1;
}
