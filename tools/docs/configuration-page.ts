import { ENV, type EnvVariable } from '../../src/platform/config/env-schema.ts';

const HEAD = `# Configuration

Meridian reads its configuration from environment variables, once, when a process starts. This page is made from the table that the program itself reads with (\`src/platform/config/env-schema.ts\`); \`npm run docs:configuration\` writes it anew.

- **All problems at once.** A process with a wrong configuration ends with exit code 78 and names every wrong variable, never its value. \`node dist/cli.js config\` checks the environment without starting anything.
- **Unknown names are refused.** A \`MERIDIAN_*\` variable that this release does not know is a typing error until you say otherwise. When you roll back to a release that does not know a newer variable yet, set \`MERIDIAN_ALLOW_UNKNOWN=1\`.
- **Empty is absent.** \`MERIDIAN_REGION=\` is the same as no \`MERIDIAN_REGION\`.
- **Durations** are seconds, or a number with a unit: \`90\`, \`90s\`, \`15m\`, \`2h\`, \`7d\`. **Lists** are separated by commas. **Switches** take \`true\`, \`false\`, \`1\`, \`0\`, \`yes\`, \`no\`, \`on\` and \`off\`.
- **Nothing secret has a default.** The local stack makes its own secrets; a deployment brings its own.
- **Regions are not configured here.** Their addresses, keys and buckets stand in a [regions file or behind the operator API](operations/regions.md). The variables that LiveKit's own tools read (\`LIVEKIT_URL\`, \`LIVEKIT_API_KEY\`, …) are ignored, with one warning: they would give all regions one key.

All processes of a deployment should have the same values, apart from those of the group *Process* and \`MERIDIAN_REGION\`.
`;

/** The page that lists every variable; `variables` is the table that the program reads with. */
export function configurationPage(variables: Readonly<Record<string, EnvVariable>> = ENV): string {
  const entries = Object.entries(variables);
  const groups = [...new Set(entries.map(([, { group }]) => group))];
  return [HEAD, ...groups.map((name) => section(name, entries.filter(([, { group }]) => group === name)))].join('\n');
}

function section(group: string, entries: readonly (readonly [string, EnvVariable])[]): string {
  const rows = entries.map(([name, variable]) => `| \`${name}\` | ${defaultOf(variable)} | ${cell(variable.meaning)} |`);
  return [`## ${group}`, '', '| variable | default | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

function defaultOf({ schema, default: text }: EnvVariable): string {
  if (text !== undefined) return cell(text);
  return schema.safeParse(undefined).success ? 'unset' : '**required**';
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
