import { hostname } from 'node:os';
import type { z } from 'zod';
import { ENV } from './env-schema.ts';

type EnvName = keyof typeof ENV;
/** The whole configuration: frozen, parsed once, keyed by the variables' own names. */
export type Config = {
  readonly [K in EnvName]: z.output<(typeof ENV)[K]['schema']>;
} & { readonly HOST_NAME: string; readonly LIVEKIT_NAMES_SET: readonly string[] };

export type Environment = Readonly<Record<string, string | undefined>>;

/** All problems of a configuration at once; the message names variables, never values. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} problem(s):\n${problems.map((p) => `  - ${p}`).join('\n')}`);
    this.problems = problems;
  }
}

const OWN_PREFIX = 'MERIDIAN_';

/**
 * Parses the environment. An empty value counts as absent.
 * @throws ConfigError listing every problem by variable name.
 */
export function loadConfig(environment: Environment = process.env): Config {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, variable] of Object.entries(ENV)) {
    const raw = environment[name] === '' ? undefined : environment[name];
    const result = variable.schema.safeParse(raw);
    if (result.success) values[name] = result.data;
    else problems.push(`${name}: ${raw === undefined ? 'is missing' : result.error.issues.map((issue) => issue.message).join('; ')}`);
  }
  if (values['MERIDIAN_ALLOW_UNKNOWN'] !== true) problems.push(...unknownNames(environment));
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    ...values,
    HOST_NAME: environment['HOSTNAME'] || hostname(),
    LIVEKIT_NAMES_SET: Object.keys(environment).filter((name) => name.startsWith('LIVEKIT_')),
  }) as unknown as Config; // The loop above filled exactly the names of ENV; TypeScript cannot follow a loop.
}

function unknownNames(environment: Environment): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith(OWN_PREFIX) && !(name in ENV))
    .map((name) => `${name}: is not a variable of this release (MERIDIAN_ALLOW_UNKNOWN=1 ignores it)`);
}

/**
 * One environment variable by the name that an operator's own document gives (`{env: NAME}` in a regions file);
 * undefined when it is unset. What Meridian itself is configured by goes through `loadConfig`.
 */
export function readVariable(name: string): string | undefined {
  return process.env[name];
}
