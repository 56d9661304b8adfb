/**
 * One environment variable by the name that an operator's own document gives (`{env: NAME}`); undefined when it is
 * unset. What Meridian itself is configured by goes through `loadConfig`.
 */
export function readVariable(name: string): string | undefined {
  return process.env[name];
}
