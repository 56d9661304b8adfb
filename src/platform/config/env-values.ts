import { z } from 'zod';
import { parseIpRange } from '../../kernel/ip-address.ts';
import { Secret } from '../../kernel/secret.ts';

/** A whole number within bounds, written in decimal digits. */
export function integer(min: number, max: number): z.ZodType<number> {
  return z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be between ${min} and ${max}`);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A duration such as `90`, `90s`, `15m`, `2h`, `7d`; the value is in seconds. */
export function durationSeconds(min: number, max: number): z.ZodType<number> {
  return z
    .string()
    .regex(/^\d{1,9}[smhd]?$/, 'must be a number of seconds, or one with a unit: 90s, 15m, 2h, 7d')
    .transform((text) => Number.parseInt(text, 10) * (UNIT_SECONDS[text.at(-1) ?? 's'] ?? 1))
    .refine((value) => value >= min && value <= max, `must be between ${min} s and ${max} s`);
}

/** Comma-separated words, blanks around them ignored. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** Origins as a browser sends them, or `*` for any: one with a path or a trailing slash would never match. */
export const origins = list.pipe(
  z.array(z.string().refine((text) => text === '*' || (URL.canParse(text) && new URL(text).origin === text), 'must be origins such as https://app.example, or *')),
);

function isBase(text: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash, username, password } = new URL(text);
  return protocols.includes(protocol) && `${search}${hash}${username}${password}` === '';
}

/** A base URL of one of the protocols, kept without a trailing slash: paths are appended to it. */
export function url(protocols: readonly string[]): z.ZodType<string> {
  return z
    .string()
    .refine(
      (text) => isBase(text, protocols),
      `must be an absolute URL (${protocols.join(' or ')}) without a query, a fragment or a password`,
    )
    .transform((text) => text.replace(/\/+$/, ''));
}

/** A URL that holds a password: never printed, also not when it is wrong. */
export function secretUrl(protocols: readonly string[]): z.ZodType<Secret> {
  return z
    .string()
    .refine((text) => protocols.some((protocol) => text.startsWith(`${protocol}//`)), `must begin with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`)
    .transform((text) => new Secret(text));
}

/** Whose `X-Forwarded-*` headers count. */
export type TrustedProxies =
  | { readonly kind: 'none' }
  | { readonly kind: 'hops'; readonly hops: number }
  | { readonly kind: 'ranges'; readonly ranges: readonly string[] };

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/** Nobody trusts a whole family of addresses knowingly: then every caller could name its own. */
function isTrustworthy(text: string): boolean {
  return (parseIpRange(text)?.prefixLength ?? 0) > 0;
}

export const trustedProxies = z.string().transform((text, context): TrustedProxies => {
  if (text === 'none' || text === '') return { kind: 'none' };
  if (/^\d{1,2}$/.test(text)) {
    return text === '0' ? { kind: 'none' } : { kind: 'hops', hops: Number(text) };
  }
  const ranges = text
    .split(',')
    .flatMap((item) => (item.trim() === 'loopback' ? LOOPBACK : [item.trim()]));
  if (ranges.every(isTrustworthy)) return { kind: 'ranges', ranges };
  context.addIssue('must be a number of hops, or CIDRs such as 10.0.0.0/8, or loopback');
  return z.NEVER;
});

export interface MasterKey {
  readonly id: string;
  readonly key: Secret;
}

const MASTER_KEY_BYTES = 32;

export const masterKeys = z.string().transform((text, context): readonly MasterKey[] => {
  const keys = text.split(',').map((item) => {
    const [id = '', encoded = ''] = item.trim().split(':');
    return { id, encoded };
  });
  const sound = keys.every(
    ({ id, encoded }) =>
      /^[\w-]{1,40}$/.test(id) && Buffer.from(encoded, 'base64').length === MASTER_KEY_BYTES,
  );
  if (sound && new Set(keys.map(({ id }) => id)).size === keys.length) {
    return keys.map(({ id, encoded }) => ({ id, key: new Secret(encoded) }));
  }
  context.addIssue(
    'must be <id>:<base64 of 32 bytes>, comma-separated, ids distinct (make one: openssl rand -base64 32)',
  );
  return z.NEVER;
});
