import { ensureDependencies } from './dependencies.mjs';
import { describeFailure } from './failure.mjs';
import { print, printHeading, red } from './output.mjs';
import { findParts, printParts } from './parts/finding.mjs';
import { obtainMissingParts } from './parts/obtaining-all.mjs';
import { describeCache } from './parts/obtaining.mjs';

try {
  printHeading('The real parts', `built ones go to ${describeCache()}`);
  await ensureDependencies();
  const isComplete = await obtainMissingParts(process.env);
  printParts(findParts(process.env, { simulate: false }));
  process.exitCode = isComplete ? 0 : 1;
} catch (error) {
  print(red(describeFailure(error)));
  process.exitCode = 1;
}
