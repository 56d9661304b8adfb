import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** A request that LiveKit's first gate turns away: plain text, not Twirp. */
export class PlainRefusal extends Error {
  override readonly name = 'PlainRefusal';
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

const videoGrantSchema = z.looseObject({
  roomCreate: z.boolean().default(false),
  roomList: z.boolean().default(false),
  roomAdmin: z.boolean().default(false),
  roomJoin: z.boolean().default(false),
  room: z.string().default(''),
  canPublish: z.boolean().optional(),
  canSubscribe: z.boolean().optional(),
  canPublishData: z.boolean().optional(),
  canPublishSources: z.array(z.string()).default([]),
  canUpdateOwnMetadata: z.boolean().default(false),
  hidden: z.boolean().default(false),
  recorder: z.boolean().default(false),
  agent: z.boolean().default(false),
});

const claimsSchema = z.looseObject({
  iss: z.string().default(''),
  sub: z.string().default(''),
  exp: z.number().optional(),
  nbf: z.number().optional(),
  name: z.string().default(''),
  kind: z.string().default('standard'),
  metadata: z.string().default(''),
  attributes: z.record(z.string(), z.string()).default({}),
  video: videoGrantSchema.optional(),
});

export type TokenClaims = z.output<typeof claimsSchema>;
export type VideoGrant = z.output<typeof videoGrantSchema>;

/** LiveKit 1.13's own leeway between two clocks. */
const LEEWAY_SECONDS = 60;

/**
 * Checks a token as LiveKit 1.13 does, with its words. An expired token and a wrong signature are answered with the
 * whole token in the text: a client that logs such a text leaks, and tests must be able to see it.
 * @throws PlainRefusal 401
 */
export function checkAccessToken(
  token: string,
  keys: Readonly<Record<string, string>>,
  nowMs: number,
): TokenClaims {
  const parts = token.split('.');
  const [head = '', body = '', signature = ''] = parts;
  const header = readJson(head);
  const claims = claimsSchema.safeParse(readJson(body));
  if (parts.length !== 3 || header === undefined || !claims.success) {
    throw new PlainRefusal(401, 'invalid authorization token');
  }
  const { iss, exp, nbf } = claims.data;
  const secret = Object.hasOwn(keys, iss) ? keys[iss] : undefined;
  if (secret === undefined) throw new PlainRefusal(401, `invalid API key: ${iss}`);

  const refuse = (why: string): never => {
    throw new PlainRefusal(401, `invalid token: ${token}, error: ${why}`);
  };
  const algorithm = (header as { alg?: unknown }).alg;
  if (algorithm !== 'HS256') {
    refuse(`token signature is invalid: signing method ${String(algorithm)} is invalid`);
  }
  const expected = createHmac('sha256', secret).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    refuse('token signature is invalid: signature is invalid');
  }
  const nowSeconds = nowMs / 1000;
  if (exp !== undefined && nowSeconds > exp + LEEWAY_SECONDS) {
    refuse('token has invalid claims: token is expired');
  }
  if (nbf !== undefined && nowSeconds < nbf - LEEWAY_SECONDS) {
    refuse('token has invalid claims: token is not valid yet');
  }
  return claims.data;
}

/** Signs a claim set as LiveKit signs its webhooks. */
export function signToken(key: string, secret: string, claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ ...claims, iss: key })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function readJson(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
